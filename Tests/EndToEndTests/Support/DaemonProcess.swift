import Foundation
import Testing

/// A daemon that runs as a process of its own, on a port that the system chose; killed when the value goes.
final class DaemonProcess: Sendable {
    let home: TemporaryFolder
    let port: UInt16
    private let process: Process
    private let logFile: URL

    /// Starts with `configuration` as `apus.yaml` in `home`, from whose folder its relative paths count.
    convenience init(in home: TemporaryFolder, _ configuration: String) async throws {
        try home.write(configuration, to: "apus.yaml")
        try await self.init(in: home, configurationFile: home["apus.yaml"])
    }

    /// Returns as soon as the port is bound. Whatever the file says, state stays in `home`, and folders are looked at often.
    ///
    /// - Parameter flags: further arguments of the command line.
    init(in home: TemporaryFolder, configurationFile: URL, flags: [String] = []) async throws {
        let own = [
            "server.port=0", "registry.path=\(home["registry.sqlite"].path)", "registry.store=\(home["store"].path)",
            "lifecycle.poll_interval=20ms", "lifecycle.quiet_period=0s", "log.format=plain",
        ]
        let logFile = home["log-\(UUID().uuidString)"]
        let process = try ApusBinary.start(
            ["serve", "--config", configurationFile.path] + own.flatMap { ["--set", $0] } + flags, home: home,
            output: home["daemon-output"], errors: logFile)
        do {
            port = try await Self.port(process, logFile)
        } catch {
            process.killIfRunning()
            throw error
        }
        (self.home, self.process, self.logFile) = (home, process, logFile)
    }

    deinit { process.killIfRunning() }

    /// The process's mappings, with the paths of the files behind them (proc_pid_maps(5)).
    func memoryMap() throws -> String { try kernelFile("maps") }

    /// What the process holds of the machine's memory (proc_pid_status(5)).
    func residentByteCount() throws -> Int {
        let text = try kernelFile("status")
        return try #require(text.firstMatch(of: /VmRSS:\s+([0-9]+) kB/).flatMap { Int($0.1) }) * 1024
    }

    private func kernelFile(_ name: String) throws -> String {
        // The kernel says that the file is empty, so that it has to be read to its end.
        let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/\(process.processIdentifier)/\(name)"))
        return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    }

    // MARK: Requests

    func connect() throws -> HTTPClient { try HTTPClient(port: port) }

    /// Asks over a connection of its own.
    func request(_ method: String, _ path: String, body: String = "") throws -> HTTPResponse {
        try connect().request(method, path, body: body, fields: [("Connection", "close")])
    }

    func get(_ path: String) throws -> JSON { try request("GET", path).json }

    /// The member `state` of a version in `/v1/models`; null when there is none.
    func state(_ model: String, _ version: Int) throws -> JSON {
        try get("/v1/models")["models"].element(where: "name", is: .string(model))["versions"]
            .element(where: "version", is: .number(Double(version)))["state"]
    }

    func predict(_ model: String, _ body: String, fields: [(String, String)] = []) throws -> HTTPResponse {
        try connect().request("POST", "/v1/models/\(model):predict", body: body, fields: fields + [("Connection", "close")])
    }

    /// The value of one series, as `name{labels}`; nil when there is none.
    func metric(_ series: String) throws -> Double? {
        try request("GET", "/monitoring/prometheus/metrics").body.split(separator: "\n").first { $0.hasPrefix(series + " ") }
            .flatMap { Double($0.dropFirst(series.count + 1)) }
    }

    // MARK: Waiting

    func waitUntilReady() async throws {
        try await wait("readiness") { try self.request("GET", "/readyz").status == 200 }
    }

    /// Until no version is on its way: each is served, or is known not to be.
    func waitUntilSettled() async throws {
        try await waitUntilReady()
        try await wait("every version to be loaded") {
            try self.get("/v1/models")["models"].elements.flatMap { $0["versions"].elements }
                .allSatisfy { $0["state"] == "AVAILABLE" || $0["state"] == "END" }
        }
    }

    func waitUntil(_ model: String, _ version: Int, is state: JSON) async throws {
        try await wait("\(model) \(version) to be \(state)") { try self.state(model, version) == state }
    }

    /// The first line of the log, from now or before, that contains `text`.
    @discardableResult
    func waitForLog(_ text: String) async throws -> String {
        var found: String?
        try await wait("\"\(text)\" in the log") {
            found = try self.log().split(separator: "\n", omittingEmptySubsequences: false).dropLast().first { $0.contains(text) }
                .map(String.init)
            return found != nil
        }
        return try #require(found)
    }

    /// Waits for something; when it does not come, the failure shows the log.
    func wait(_ what: String, until isTrue: () async throws -> Bool) async throws {
        try await eventually(what, state: { self.logText }, isTrue: isTrue)
    }

    func log() throws -> String { try String(contentsOf: logFile, encoding: .utf8) }

    private var logText: String {
        do { return try log() } catch { return "\(logFile.path): \(error)" }
    }

    // MARK: The end

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    func exitStatus() async throws -> Int32 {
        try await wait("the daemon's end") { !self.process.isRunning }
        return process.exitStatus
    }

    private static func port(_ process: Process, _ logFile: URL) async throws -> UInt16 {
        var port: UInt16?
        var log = ""
        let listens = {
            let hasEnded = !process.isRunning
            log = try String(contentsOf: logFile, encoding: .utf8)
            port = log.firstMatch(of: /listening on http:\/\/127\.0\.0\.1:([0-9]+)\s/).flatMap { UInt16($0.1) }
            if hasEnded, port == nil { throw WaitedInVain(what: "the daemon to listen; it ended", state: log) }
            return port != nil
        }
        try await eventually("the daemon to listen", state: { log }, isTrue: listens)
        return try #require(port)
    }
}
