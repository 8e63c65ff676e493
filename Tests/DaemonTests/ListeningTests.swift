import Foundation
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
        let end = ContinuousClock.now + .seconds(20)
        while true {
            let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
            if isWanted(text) { return }
            try #require(ContinuousClock.now < end, "\(path) holds only: \(text)")
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
