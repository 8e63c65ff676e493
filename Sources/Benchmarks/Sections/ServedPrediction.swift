import Foundation

/// A prediction over HTTP, JSON in and JSON out, beside nginx answering the same request with a fixed text. wrk asks both in turns,
/// over connections that are kept; it shares the machine's cores with them.
struct ServedPrediction: Comparison {
    let model: String
    let body: String
    let connectionCount: Int
    /// The folder with the models that come along.
    let models: String

    private static let roundCount = 5
    private static let programs = ["nginx", "wrk"]

    static func section(models: String) -> Section {
        let three = #"{"instances":[1.0,2.0,5.0]}"#
        let digit = #"{"instances":[[\#((0..<64).map { "\(Double($0 % 17) / 16)" }.joined(separator: ","))]]}"#
        return Section(
            title: "HTTP", summary: "predictions, against a fixed answer of nginx; thousands of requests", unit: .thousands,
            comparisons: [64, 16, 1].map {
                ServedPrediction(model: "half_plus_two", body: three, connectionCount: $0, models: models)
            } + [ServedPrediction(model: "digits", body: digit, connectionCount: 64, models: models)])
    }

    var name: String { "\(model), \(connectionCount) connections" }

    var obstacle: String? {
        if let missing = Self.programs.first(where: { Program.path(of: $0) == nil }) {
            return "\(missing) is not installed; apt-get install \(Self.programs.joined(separator: " "))"
        }
        return Program.sibling("apus") == nil ? "the daemon is not beside this program; make build" : nil
    }

    func measure(by race: Race) throws -> Outcome {
        let folder = URL.temporaryDirectory.appending(path: "apus-benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer {
            do { try FileManager.default.removeItem(at: folder) } catch { print("cannot remove \(folder.path): \(error)") }
        }
        let ports = try Program.freePorts(2)
        let nginx = try startNginx(folder, port: ports[0])
        defer { Program.stop(nginx) }
        let daemon = try startDaemon(folder, port: ports[1])
        defer { Program.stop(daemon) }
        let script = folder.appending(path: "request.lua")
        try Data("wrk.method = 'POST'\nwrk.body = [==[\(body)]==]\nwrk.headers['Content-Type'] = 'application/json'\n".utf8)
            .write(to: script)
        let fixed = "http://127.0.0.1:\(ports[0])/"
        let prediction = "http://127.0.0.1:\(ports[1])/v1/models/\(model):predict"
        for url in [fixed, prediction] { try waitFor(url, script) }
        var rounds: [Pace.Round] = []
        // wrk counts in whole seconds.
        let seconds = max(1, Int((race.duration / .seconds(2 * Self.roundCount)).rounded()))
        for _ in 0..<Self.roundCount {
            let reference = try requestsPerSecond(fixed, script, seconds)
            let candidate = try requestsPerSecond(prediction, script, seconds)
            rounds.append(Pace.Round(candidate: 1e9 / candidate, reference: 1e9 / reference))
        }
        return Outcome(pace: Pace(rounds), work: 1)
    }

    private func startNginx(_ folder: URL, port: Int) throws -> Process {
        let path = folder.path
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(path)/\($0);" }.joined(separator: " ")
        let text = """
            daemon off; worker_processes 2; pid \(path)/pid; error_log \(path)/error.log;
            events { worker_connections 4096; }
            http { access_log off; keepalive_requests 1000000; \(paths)
              server { listen 127.0.0.1:\(port); default_type application/json;
                location / { return 200 '{"predictions": [2.5, 3.0, 4.5]}'; } } }
            """
        try Data(text.utf8).write(to: folder.appending(path: "nginx.conf"))
        return try Program.start("nginx", ["-p", path, "-c", path + "/nginx.conf"])
    }

    private func startDaemon(_ folder: URL, port: Int) throws -> Process {
        let models = URL(filePath: models).standardizedFileURL.path
        let text = """
            server: {port: \(port)}
            registry: {path: \(folder.path)/registry.sqlite}
            models: [{name: \(model), path: "\(models)/\(model)"}]
            """
        try Data(text.utf8).write(to: folder.appending(path: "apus.yaml"))
        return try Program.start("apus", ["serve", "--config", folder.path + "/apus.yaml"])
    }

    /// Asks until every answer is a good one.
    private func waitFor(_ url: String, _ script: URL) throws {
        for _ in 0..<50 {
            Thread.sleep(forTimeInterval: 0.1)
            do {
                _ = try requestsPerSecond(url, script, 1)
                return
            } catch is InvalidComparison { continue }
        }
        throw InvalidComparison(description: "\(url) never answered well")
    }

    private func requestsPerSecond(_ url: String, _ script: URL, _ seconds: Int) throws -> Double {
        let text = try Program.output(
            "wrk", ["-t1", "-c\(connectionCount)", "-d\(seconds)s", "-s", script.path, url])
        guard !text.contains("Non-2xx"), !text.contains("Socket errors") else {
            throw InvalidComparison(description: "not every request to \(url) was answered well:\n\(text)")
        }
        guard let rate = text.firstMatch(of: /Requests\/sec:\s+([\d.]+)/).flatMap({ Double($0.1) }), rate > 0 else {
            throw InvalidComparison(description: "wrk told no rate for \(url):\n\(text)")
        }
        return rate
    }
}
