import Foundation
import GRDB
import Registry
import ServableCore

/// A directory of its own for one test; removed with everything in it at the end.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/apus-registry-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("left behind: \(path): \(error)")
        }
    }

    var database: String { path + "/registry.sqlite" }

    func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path + "/" + name))) }

    func write(_ name: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name)) }
}

/// Moments a second apart.
func moment(_ second: Int64) -> Timestamp { Timestamp(microsecondsSinceEpoch: (1_700_000_000 + second) * 1_000_000) }

func text(_ second: Int64) -> String { moment(second).description }

extension ServableEvent {
    static func wanted(_ models: [String: String], _ second: Int64 = 0) -> ServableEvent {
        ServableEvent(time: moment(second), kind: .modelsWanted(models))
    }

    static func present(_ model: String, _ versions: [Int64: String], wanted: [Int64] = [], _ second: Int64 = 0) -> ServableEvent {
        ServableEvent(time: moment(second), kind: .versionsPresent(model: model, versions: versions, wanted: wanted))
    }

    static func status(
        _ model: String, _ version: Int64, _ state: ServableState, error: ServableError? = nil, last: ServableError? = nil,
        _ second: Int64 = 0
    ) -> ServableEvent {
        let status = ServableStatus(
            id: ServableID(name: model, version: version), state: state, error: error, lastError: last, since: moment(second),
            path: "/m/\(model)/\(version)")
        return ServableEvent(time: moment(second), kind: .status(status))
    }

    static func described(_ model: String, _ version: Int64, digest: String, signatures: String = "{}", _ second: Int64 = 0)
        -> ServableEvent
    {
        ServableEvent(
            time: moment(second),
            kind: .described(
                ServableID(name: model, version: version),
                ServableDescription(format: "onnx", digest: digest, byteCount: 12, signaturesJSON: signatures)))
    }

    static func labels(_ model: String, _ assigned: [String: Int64], specified: [String: Int64]? = nil, _ second: Int64 = 0)
        -> ServableEvent
    {
        ServableEvent(time: moment(second), kind: .labels(model: model, assigned: assigned, specified: specified ?? assigned))
    }
}

extension ModelRegistry {
    /// `kind model/version detail outcome` of every event, oldest first.
    func story(model: String? = nil) async throws -> [String] {
        try await events(model: model, limit: 1000).events.map { event in
            let version = event.version.map { "/\($0)" } ?? ""
            let parts = [event.kind, (event.model ?? "") + version, event.detail, event.outcome == "ok" ? "" : event.outcome]
            return parts.filter { !$0.isEmpty }.joined(separator: " ")
        }
    }
}

/// Another program's connection, which may leave a transaction open.
func neighbour(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    return try DatabaseQueue(path: path, configuration: configuration)
}
