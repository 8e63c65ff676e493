import Foundation
import Glibc
import Testing

/// Where the running daemon can be reached, and what it notes of who came.
@Suite("Listening")
struct ListeningTests {
    static let request = #"{"instances": [1.0, 2.0, 5.0]}"#
    static let predict = "/v1/models/half_plus_two:predict"

    @Test("answers over a Unix socket beside the port, with the mode asked for, and removes its file in the end")
    func unixSocket() async throws {
        let daemon = try await RunningDaemon(server: ", listeners: [{unix: @/apus.sock, mode: \"0600\"}]")
        try await daemon.wait("/readyz") { $0.status == 200 }
        let path = daemon.folder.path + "/apus.sock"
        let answer = try HTTPAnswer(socketPath: path, "POST", Self.predict, body: Self.request)
        #expect(answer.status == 200 && answer.body == #"{"predictions":[2.5,3.0,4.5]}"# + "\n")
        #expect(try daemon.request("POST", Self.predict, body: Self.request).status == 200)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        daemon.send(SIGTERM)
        #expect(await daemon.exitCode() == 0)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("logs requests to a file, and opens it again at SIGHUP")
    func accessLog() async throws {
        let daemon = try await RunningDaemon(server: ", access_log: {destination: @/access.log, format: json}")
        try await daemon.wait("/readyz") { $0.status == 200 }
        let (path, rotated) = (daemon.folder.path + "/access.log", daemon.folder.path + "/access.log.1")
        #expect(try daemon.request("POST", Self.predict, body: Self.request).status == 200)
        try await Self.wait(path) { $0.contains(Self.predict) }
        try FileManager.default.moveItem(atPath: path, toPath: rotated)
        daemon.send(SIGHUP)
        try await daemon.logLine(containing: "configuration read again")
        #expect(try daemon.request("GET", "/v1/models/nothing").status == 404)
        try await Self.wait(path) { $0.contains("/v1/models/nothing") }
        daemon.send(SIGTERM)
        #expect(await daemon.exitCode() == 0)
        for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
            let record = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            #expect(record?["status"] is Int)
        }
    }

    @Test("offers metrics, the registry and paths of files to operators alone where they have a listener of their own")
    func admin() async throws {
        let daemon = try await RunningDaemon(
            "models: [{name: half_plus_two, path: @/models/half_plus_two}, {name: lost, path: @/nowhere}]",
            server: ", admin: \"unix:@/admin.sock\"")
        let socket = daemon.folder.path + "/admin.sock"
        try await daemon.wait("/v1/models/half_plus_two") { $0.body.contains("AVAILABLE") }
        func answers(_ path: String) throws -> (everybody: HTTPAnswer, operators: HTTPAnswer) {
            (try daemon.request("GET", path), try HTTPAnswer(socketPath: socket, "GET", path))
        }
        for path in ["/metrics", "/monitoring/prometheus/metrics", "/v1/registry/models", "/v1/registry/events"] {
            let (everybody, operators) = try answers(path)
            #expect(everybody.status == 404 && everybody.body.contains("server.admin") && operators.status == 200, "\(path)")
        }
        for (path, status) in [("/v1/models", 200), ("/readyz", 503), ("/v1/models/lost", 503)] {
            let (everybody, operators) = try answers(path)
            #expect(everybody.status == status && operators.status == status, "\(path)")
            #expect(!everybody.body.contains(daemon.folder.path) && operators.body.contains(daemon.folder.path), "\(path)")
        }
        #expect(try HTTPAnswer(socketPath: socket, "POST", Self.predict, body: Self.request).status == 200)
    }

    @Test("logs model, version and rows of predictions in the combined log format, and refused connections")
    func combinedLog() async throws {
        let daemon = try await RunningDaemon(server: ", access_log: {destination: @/access.log}, limits: {max_connections: 1}")
        try await daemon.wait("/readyz") { $0.status == 200 }
        #expect(try daemon.request("POST", Self.predict, body: Self.request).status == 200)
        let path = daemon.folder.path + "/access.log"
        try await Self.wait(path) {
            $0.contains(
                #/"POST \/v1\/models\/half_plus_two:predict HTTP\/1.1" 200 30 "-" "-" model="half_plus_two" version=1 rows=3 us=[0-9]+ id="/#
            )
        }
        let holder = try HTTPAnswer.hold(port: daemon.port)
        defer { close(holder) }
        #expect(try daemon.request("GET", "/healthz").status == 503)
        try await Self.wait(path) { $0.contains(#/"-" 503 0 "-" "-" .* refused="the server has as many connections as it may/#) }
    }

    /// The service manager's sockets take part in the order of the start: nobody is refused, and nobody told that a model is not there.
    @Test("clients of a socket that was handed over wait for the first loads")
    func handedOver() async throws {
        let home = URL.temporaryDirectory.appending(path: "apus-handed-\(UUID().uuidString)").resolvingSymlinksInPath()
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { do { try FileManager.default.removeItem(at: home) } catch { Issue.record("\(error)") } }
        for number in 0..<8 {
            try RunningDaemon.copyModel("half_plus_two", to: home.appending(path: "models/m\(number)"), version: 1)
        }
        let listener = try HandedSocket()
        for _ in 0..<3 {
            let answers = try (0..<8).map { number in
                try HTTPAnswer.begin(port: listener.port, "POST", "/v1/models/m\(number):predict", body: Self.request)
            }
            let daemon = try listener.start([
                "serve", "--set", "model_root=\(home.path)/models", "--set", "registry.path=\(home.path)/r.sqlite", "--set",
                "lifecycle.load_threads=1",
            ])
            for answer in answers { #expect(try HTTPAnswer(finishing: answer).status == 200) }
            kill(daemon.processIdentifier, SIGTERM)
            daemon.waitUntilExit()
            #expect(daemon.terminationStatus == 0)
        }
    }

    @Test("reads renewed certificates at SIGHUP, and refuses ones that do not work")
    func certificates() async throws {
        let daemon = try await RunningDaemon(
            server: ", address: none, tls: {certificate: @/cert.pem, key: @/key.pem}, listeners: [{address: 127.0.0.1, port: 0}]",
            copying: [("server-ec.pem", "cert.pem"), ("server-ec.key", "key.pem")])
        // Clear text does not get through to a model.
        do {
            let answer = try HTTPAnswer(port: daemon.port, "GET", "/healthz")
            #expect(answer.status == 400)
        } catch is HTTPAnswer.Failure {}
        try daemon.copy("damaged.pem", to: "cert.pem")
        daemon.send(SIGHUP)
        try await daemon.logLine(containing: "the new configuration is refused and the old one stays")
        try daemon.copy("server-rsa.pem", to: "cert.pem")
        try daemon.copy("server-rsa.key", to: "key.pem")
        daemon.send(SIGHUP)
        try await daemon.logLine(containing: "configuration read again")
        daemon.send(SIGTERM)
        #expect(await daemon.exitCode() == 0)
    }

    /// Waits until the file's text is as wanted.
    private static func wait(_ path: String, until isWanted: (String) -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
            if isWanted(text) { return }
            try #require(ContinuousClock.now < end, "\(path) holds only: \(text)")
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
