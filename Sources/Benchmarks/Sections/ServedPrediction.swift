import Foundation

/// A prediction over HTTP, JSON in and JSON out, beside nginx answering the same request with a fixed text. wrk sends requests to both in turns,
/// over connections that are kept; it shares the machine's cores with them.
struct ServedPrediction: Comparison {
    let model: String
    let body: String
    let connectionCount: Int
    /// The folder with the models of the repository.
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

    var obstacle: String? { DaemonUnderTest.obstacle(programs: Self.programs) }

    func measure(by race: Race) throws -> Outcome {
        let daemon = try DaemonUnderTest(model: model, models: models)
        defer { daemon.stop() }
        let port = try Program.freePorts(1)[0]
        let nginx = try startNginx(daemon, port: port)
        defer { Program.stop(nginx) }
        let script = try daemon.script("request", body: body)
        let fixed = "http://127.0.0.1:\(port)/"
        try daemon.waitUntilServing(script)
        try daemon.waitUntilServing(script, at: fixed)
        var rounds: [Pace.Round] = []
        // wrk counts in whole seconds.
        let seconds = max(1, Int((race.duration / .seconds(2 * Self.roundCount)).rounded()))
        for _ in 0..<Self.roundCount {
            let reference = try requestsPerSecond(daemon, at: fixed, script, seconds)
            let candidate = try requestsPerSecond(daemon, at: nil, script, seconds)
            rounds.append(Pace.Round(candidate: 1e9 / candidate, reference: 1e9 / reference))
        }
        return Outcome(pace: Pace(rounds), work: 1)
    }

    private func startNginx(_ daemon: DaemonUnderTest, port: Int) throws -> Process {
        let configuration = try daemon.file("nginx.conf", "")
        let path = configuration.deletingLastPathComponent().path
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(path)/\($0);" }.joined(separator: " ")
        _ = try daemon.file(
            "nginx.conf",
            """
            daemon off; worker_processes 2; pid \(path)/pid; error_log \(path)/error.log;
            events { worker_connections 4096; }
            http { access_log off; keepalive_requests 1000000; \(paths)
              server { listen 127.0.0.1:\(port); default_type application/json;
                location / { return 200 '{"predictions": [2.5, 3.0, 4.5]}'; } } }
            """)
        return try Program.start("nginx", ["-p", path, "-c", configuration.path])
    }

    private func requestsPerSecond(_ daemon: DaemonUnderTest, at other: String?, _ script: URL, _ seconds: Int) throws -> Double {
        let text = try daemon.wrk(script, at: other, connectionCount: connectionCount, seconds: seconds)
        guard let rate = text.firstMatch(of: /Requests\/sec:\s+([\d.]+)/).flatMap({ Double($0.1) }), rate > 0 else {
            throw InvalidComparison(description: "wrk gave no rate for \(other ?? daemon.url):\n\(text)")
        }
        return rate
    }
}
