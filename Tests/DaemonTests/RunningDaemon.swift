import Foundation
import Synchronization
import Testing

/// A daemon of its own on a free port, with a folder of its own for models and state; ended when the value goes.
final class RunningDaemon: Sendable {
    let folder: URL
    let port: UInt16
    private let server: String
    private let process: Process
    private let log: LogReader

    /// Serves `yaml`, in which `@` stands for the folder, as soon as the port is bound.
    /// - Parameters:
    ///   - server: further keys of the section `server`, each after a comma.
    ///   - models: copied from the repository's `models/` into the folder `models`.
    ///   - fixtures: files of `Tests/Fixtures/TLS`, and their names in the folder.
    init(
        _ yaml: String = "model_root: @/models", server: String = "", models: [String] = ["half_plus_two"],
        copying fixtures: [(name: String, target: String)] = [], environment: [String: String] = [:]
    ) async throws {
        self.server = server
        folder = URL.temporaryDirectory.appending(path: "apus-daemon-\(UUID().uuidString)").resolvingSymlinksInPath()
        try FileManager.default.createDirectory(at: folder.appending(path: "models"), withIntermediateDirectories: true)
        for model in models { try Self.copyModel(model, to: folder.appending(path: "models/\(model)"), version: 1) }
        try Self.write(yaml, server, to: folder)
        for (name, target) in fixtures { try Self.copy(name, to: folder.appending(path: target)) }
        process = Process()
        process.executableURL = URL(filePath: try Program.path)
        process.arguments = ["serve", "--config", folder.path + "/apus.yaml"]
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardError = pipe
        try process.run()
        log = LogReader(pipe.fileHandleForReading)
        let line = try await log.line(containing: "listening on http")
        port = try #require(UInt16(line.split(separator: ":").last ?? ""))
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            Issue.record("cannot remove \(folder.path): \(error)")
        }
    }

    /// Puts a file of `Tests/Fixtures/TLS` into the folder, in place of one that is there.
    func copy(_ name: String, to target: String) throws { try Self.copy(name, to: folder.appending(path: target)) }

    private static func copy(_ name: String, to target: URL) throws {
        let source = URL(filePath: ConfigurationTesting.repository + "/Tests/Fixtures/TLS/\(name)")
        try Data(contentsOf: source).write(to: target, options: .atomic)
    }

    /// The first line of the log from now or before that contains `text`; fails when none comes.
    @discardableResult
    func logLine(containing text: String) async throws -> String { try await log.line(containing: text) }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for the end and answers the exit code.
    func exitCode() async -> Int32 {
        while process.isRunning { await Task.yield() }
        return process.terminationReason == .exit ? process.terminationStatus : -1
    }

    /// Replaces the configuration file; the daemon reads it at its next SIGHUP.
    func configure(_ yaml: String) throws { try Self.write(yaml, server, to: folder) }

    func request(_ method: String, _ path: String, body: String = "") throws -> HTTPAnswer {
        try HTTPAnswer(port: port, method, path, body: body)
    }

    /// Asks until the answer is as wanted; fails when it never is.
    func wait(_ path: String, until isWanted: (HTTPAnswer) -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while !isWanted(try request("GET", path)) {
            try #require(ContinuousClock.now < end, "\(path) never became as wanted")
            await Task.yield()
        }
    }

    /// Publishes a model of the repository as a version, whole at once.
    static func copyModel(_ model: String, to base: URL, version: Int) throws {
        try FileManager.default.createDirectory(at: base, withIntermediateDirectories: true)
        let copy = base.appending(path: ".copy-\(version)")
        try FileManager.default.copyItem(atPath: ConfigurationTesting.repository + "/models/\(model)/1", toPath: copy.path)
        try FileManager.default.moveItem(at: copy, to: base.appending(path: String(version)))
    }

    /// The port is the system's choice, and directories are looked at often and without a rest.
    private static func write(_ yaml: String, _ server: String, to folder: URL) throws {
        let fixed = """
            server: {port: 0\(server)}
            lifecycle: {poll_interval: 20ms, quiet_period: 0s}
            registry: {path: @/registry.sqlite, store: @/store}

            """
        let text = (fixed + yaml).replacingOccurrences(of: "@", with: folder.path)
        try Data(text.utf8).write(to: folder.appending(path: "apus.yaml"))
    }
}

/// Collects the lines of a log as they come.
private final class LogReader: Sendable {
    private let text = Mutex("")

    init(_ handle: FileHandle) {
        handle.readabilityHandler = { [weak self] handle in
            let bytes = handle.availableData
            guard !bytes.isEmpty else {
                handle.readabilityHandler = nil
                return
            }
            self?.text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
        }
    }

    func line(containing wanted: String) async throws -> String {
        let end = ContinuousClock.now + .seconds(20)
        while true {
            let soFar = text.withLock { $0 }
            let lines = soFar.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.contains(wanted) }) { return String(line) }
            try #require(ContinuousClock.now < end, "the log never said \"\(wanted)\"; it says: \(soFar)")
            await Task.yield()
        }
    }
}
