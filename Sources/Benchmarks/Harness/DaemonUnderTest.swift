import Foundation

/// The daemon beside this program, serving one model on a free port, and wrk to ask it.
struct DaemonUnderTest {
    let url: String
    private let folder: URL
    private let process: Process

    /// Why there can be none; nil when there can.
    static func obstacle(programs: [String]) -> String? {
        if let missing = programs.first(where: { Program.path(of: $0) == nil }) {
            return "\(missing) is not installed; apt-get install \(programs.joined(separator: " "))"
        }
        return Program.sibling("apus") == nil ? "the daemon is not beside this program; make build" : nil
    }

    /// - Parameters:
    ///   - server: further keys of the configuration's `server`.
    ///   - further: lines of its other sections.
    init(model: String, models: String, server: String = "", further: String = "") throws {
        try self.init(ServedModel(name: model, path: "\(models)/\(model)", body: ""), server: server, further: further)
    }

    /// - Parameters:
    ///   - server: further keys of the configuration's `server`.
    ///   - batching: further keys of its `batching`.
    ///   - further: lines of its other sections.
    init(_ model: ServedModel, server: String = "", batching: String = "", further: String = "") throws {
        folder = URL.temporaryDirectory.appending(path: "apus-benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let port = try Program.freePorts(1)[0]
        let text = """
            server: {port: \(port)\(server.isEmpty ? "" : ", " + server)}
            registry: {path: \(folder.path)/registry.sqlite}
            batching: {\(batching)}
            models: [{name: \(model.name), path: "\(URL(filePath: model.path).standardizedFileURL.path)"}]
            \(further)
            """
        try Data(text.utf8).write(to: folder.appending(path: "apus.yaml"))
        process = try Program.start("apus", ["serve", "--config", folder.path + "/apus.yaml"])
        url = "http://127.0.0.1:\(port)/v1/models/\(model.name):predict"
    }

    func stop() {
        Program.stop(process)
        do { try FileManager.default.removeItem(at: folder) } catch { print("cannot remove \(folder.path): \(error)") }
    }

    /// A file of the benchmark's own, gone with it.
    func file(_ name: String, _ text: String) throws -> URL {
        let file = folder.appending(path: name)
        try Data(text.utf8).write(to: file)
        return file
    }

    /// What makes wrk send this body.
    func script(_ name: String, body: String) throws -> URL {
        try file(
            "\(name).lua", "wrk.method = 'POST'\nwrk.body = [==[\(body)]==]\nwrk.headers['Content-Type'] = 'application/json'\n")
    }

    /// What makes wrk send these bytes.
    func script(_ name: String, bytes: [UInt8], contentType: String) throws -> URL {
        let body = folder.appending(path: "\(name).bin")
        try Data(bytes).write(to: body)
        return try file(
            "\(name).lua",
            "wrk.method = 'POST'\nwrk.body = io.open('\(body.path)', 'rb'):read('*a')\nwrk.headers['Content-Type'] = '\(contentType)'\n")
    }

    /// Requests that are answered in a second.
    func requestsPerSecond(_ script: URL, connectionCount: Int, seconds: Int) throws -> Double {
        let text = try wrk(script, connectionCount: connectionCount, seconds: seconds)
        guard let rate = text.firstMatch(of: /Requests\/sec:\s+([\d.]+)/).flatMap({ Double($0.1) }), rate > 0 else {
            throw InvalidComparison(description: "wrk gave no rate for \(url):\n\(text)")
        }
        return rate
    }

    /// Sends requests until one second of them was answered well.
    func waitUntilServing(_ script: URL, at other: String? = nil) throws {
        for _ in 0..<50 {
            Thread.sleep(forTimeInterval: 0.1)
            do {
                _ = try wrk(script, at: other, connectionCount: 1, seconds: 1)
                return
            } catch is InvalidComparison { continue }
        }
        throw InvalidComparison(description: "\(other ?? url) never answered well")
    }

    /// Nanoseconds that all but one in a hundred requests stay below.
    func slowest(_ script: URL, connectionCount: Int, _ seconds: Int) throws -> Double {
        let text = try wrk(script, connectionCount: connectionCount, seconds: seconds, ["--latency"])
        guard let found = text.firstMatch(of: /99%\s+([\d.]+)(us|ms|s)/), let value = Double(found.1) else {
            throw InvalidComparison(description: "wrk gave no percentile:\n\(text)")
        }
        return value * (found.2 == "us" ? 1e3 : found.2 == "ms" ? 1e6 : 1e9)
    }

    /// What wrk reports.
    func wrk(
        _ script: URL, at other: String? = nil, connectionCount: Int, seconds: Int, _ options: [String] = []
    ) throws -> String {
        let target = other ?? url
        let text = try Program.output(
            "wrk", ["-t1", "-c\(connectionCount)", "-d\(seconds)s", "-s", script.path] + options + [target])
        guard text.contains("Requests/sec"), !text.contains("Non-2xx"), !text.contains("Socket errors") else {
            throw InvalidComparison(description: "not every request to \(target) was answered well:\n\(text)")
        }
        return text
    }
}
