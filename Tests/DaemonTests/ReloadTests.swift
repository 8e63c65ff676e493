import Batching
import Daemon
import Foundation
import HTTPCore
import Logging
import ModelServing
import ServableCore
import Telemetry
import Testing

/// A reload changes everything or nothing.
@Suite("Reload")
struct ReloadTests {
    /// What makes a new configuration fail, of which everything else is good and different.
    enum Fault: String, CaseIterable {
        case none, modelSpecification, certificate, accessLog
    }

    @Test("puts everything in force, or, when any part is refused, nothing", arguments: Fault.allCases)
    func allOrNothing(fault: Fault) async throws {
        let scene = try await Scene()
        let before = try scene.inForce
        #expect(before == InForce(models: ["a"], certificateIsExpired: false, maxBatchSize: 8, level: .info))
        let new = try scene.makeNew(fault)
        let reload = Result { try Reload(new, of: scene.targets) }
        #expect(try scene.inForce == before, "nothing changes before the commit")
        switch (fault, reload) {
        case (.none, .success(let reload)):
            let warnings = await reload.commit()
            #expect(warnings.contains { $0.contains("expired") })
            #expect(try scene.inForce == InForce(models: ["b"], certificateIsExpired: true, maxBatchSize: 4, level: .debug))
            _ = await scene.targets.server.drain(timeout: .zero)
            #expect(FileManager.default.fileExists(atPath: scene.accessLogPath))
        case (.none, .failure(let error)): Issue.record("refused: \(error)")
        case (_, .success): Issue.record("a fault in the \(fault) is not refused")
        case (_, .failure):
            #expect(try scene.inForce == before)
            var isDirectory: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: scene.accessLogPath, isDirectory: &isDirectory)
            #expect(exists == (fault == .accessLog) && isDirectory.boolValue == exists, "no file is made for a reload that is refused")
        }
        _ = await scene.targets.server.drain(timeout: .zero)
    }

    struct InForce: Equatable {
        let models: [String]
        let certificateIsExpired: Bool
        let maxBatchSize: Int
        let level: Logger.Level
    }

    /// The parts of a daemon that a reload changes, serving model "a" from a folder that holds nothing.
    private final class Scene: Sendable {
        let targets: ReloadTargets
        let accessLogPath: String
        private let folder: URL
        private let old: ApusConfiguration

        init() async throws {
            folder = URL.temporaryDirectory.appending(path: "apus-reload-\(UUID().uuidString)").resolvingSymlinksInPath()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            accessLogPath = folder.path + "/access.log"
            old = try Self.configuration(folder, model: "a", certificate: "server-ec", batchSize: 8, level: "info")
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let server = HTTPServer(
                configuration: HTTPServerConfiguration(
                    listeners: [.tcp(host: "127.0.0.1", port: 0)], loopCount: 1, accessLog: old.server.accessLog),
                handler: NoHandler(), logger: logger)
            try server.start()
            // Rotated: the reload is to make the file anew.
            try FileManager.default.moveItem(atPath: accessLogPath, toPath: accessLogPath + ".1")
            targets = ReloadTargets(
                manager: ServableManager(loader: NoLoader(), logger: logger), server: server,
                tls: try TLSContext(#require(old.server.tls)), batching: BatchingTable(old), threshold: LogThreshold(.info))
            await targets.manager.serve(try old.serving.validated())
        }

        deinit {
            do {
                try FileManager.default.removeItem(at: folder)
            } catch {
                Issue.record("cannot remove \(folder.path): \(error)")
            }
        }

        var inForce: InForce {
            get throws {
                let batching = try targets.batching.settings(of: ServableID(name: "any", version: 1), path: "/nowhere")
                return InForce(
                    models: targets.manager.board.modelNames,
                    certificateIsExpired: targets.tls?.warnings.contains { $0.contains("expired") } == true,
                    maxBatchSize: batching.policy.maxBatchSize, level: targets.threshold.level)
            }
        }

        /// Another model, certificate, batching and level, with one fault.
        func makeNew(_ fault: Fault) throws -> ApusConfiguration {
            var new = try Self.configuration(
                folder, model: "b", certificate: fault == .certificate ? "damaged" : "expired", batchSize: 4, level: "debug")
            if fault == .modelSpecification {
                new.serving = ServingSpecification(models: new.serving.models + new.serving.models)
            }
            if fault == .accessLog {
                try FileManager.default.createDirectory(atPath: accessLogPath, withIntermediateDirectories: false)
            }
            return new
        }

        private static func configuration(
            _ folder: URL, model: String, certificate: String, batchSize: Int, level: String
        ) throws -> ApusConfiguration {
            let fixtures = ConfigurationTesting.repository + "/Tests/Fixtures/TLS/"
            let key = certificate == "damaged" ? "server-ec" : certificate
            return try ConfigurationTesting.load(
                """
                server:
                  tls: {certificate: \(fixtures)\(certificate).pem, key: \(fixtures)\(key).key}
                  access_log: {destination: \(folder.path)/access.log}
                models: [{name: \(model), path: \(folder.path)/nothing}]
                batching: {max_batch_size: \(batchSize)}
                log: {level: \(level)}
                """
            ).configuration
        }
    }

    private struct NoHandler: RequestHandler {
        func handle(_ request: borrowing Request, _ responder: Responder) {}
    }

    private struct NoLoader: ServableLoader {
        func estimatedMemory(of id: ServableID, path: String) throws -> Int { 0 }
        func load(_ id: ServableID, path: String, memory: Reservation) async throws -> any Servable {
            throw ServableError(.unimplemented, "loads nothing")
        }
    }
}
