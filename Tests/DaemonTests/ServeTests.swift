import Foundation
import Glibc
import Synchronization
import Testing

@Suite("Serving")
struct ServeTests {
    static let request = #"{"instances": [1.0, 2.0, 5.0]}"#
    static let predict = "/v1/models/half_plus_two:predict"

    @Test("serves what is configured, in both dialects, and ends well at SIGTERM and SIGINT", arguments: [SIGTERM, SIGINT])
    func serves(signal: Int32) async throws {
        let daemon = try await RunningDaemon()
        try await daemon.wait("/readyz") { $0.status == 200 }
        let answer = try daemon.request("POST", Self.predict, body: Self.request)
        #expect(answer.status == 200)
        #expect(answer.body.filter { !$0.isWhitespace } == #"{"predictions":[2.5,3.0,4.5]}"#)
        let own = try daemon.request("POST", "/predict", body: Self.request)
        #expect(own.body == #"{"model":"half_plus_two","version":1,"predictions":[2.5,3.0,4.5]}"# + "\n")
        let metrics = try daemon.request("GET", "/monitoring/prometheus/metrics").body
        #expect(metrics.contains(#":tensorflow:serving:request_count{model_name="half_plus_two",status="OK"} 2"#))
        #expect(metrics.contains(#"apus_model_state{model="half_plus_two",version="1",state="AVAILABLE"} 1"#))
        #expect(metrics.contains(/apus_http_requests_total\{outcome="handled"} [1-9]/))
        #expect(metrics.contains(#"apus_connections_total{outcome="refused"} 0"#))
        daemon.send(signal)
        #expect(await daemon.exitCode() == 0)
        #expect(HTTPAnswer.isRefused(port: daemon.port))
    }

    @Test("answers every accepted request when it is stopped under load")
    func drains() async throws {
        let daemon = try await RunningDaemon()
        try await daemon.wait("/readyz") { $0.status == 200 }
        let tally = Tally()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { Self.load(daemon, tally) }
            }
        }
        #expect(tally.failures == [])
        #expect(tally.answerCount >= 100)
        #expect(await daemon.exitCode() == 0)
    }

    /// Sends requests, each over a connection of its own, until none is taken any more; stops the daemon on the way.
    private static func load(_ daemon: RunningDaemon, _ tally: Tally) {
        while true {
            do {
                let answer = try daemon.request("POST", predict, body: request)
                if answer.status != 200 { tally.fail("\(answer.status) \(answer.body)") }
                if tally.countAnswer() == 100 { daemon.send(SIGTERM) }
            } catch let failure as HTTPAnswer.Failure where failure.step == "connect" {
                return  // The listener is closed: nothing was accepted.
            } catch {
                return tally.fail("\(error)")
            }
        }
    }

    private final class Tally: Sendable {
        private let state = Mutex((answerCount: 0, failures: [String]()))

        var answerCount: Int { state.withLock(\.answerCount) }
        var failures: [String] { state.withLock(\.failures) }

        func fail(_ message: String) { state.withLock { $0.failures.append(message) } }

        /// The number of the answer, from 1.
        func countAnswer() -> Int {
            state.withLock { state in
                state.answerCount += 1
                return state.answerCount
            }
        }
    }

    @Test("loads a version that appears and lets the old one go")
    func swaps() async throws {
        let daemon = try await RunningDaemon()
        try await daemon.wait("/readyz") { $0.status == 200 }
        try RunningDaemon.copyModel("half_plus_two", to: daemon.folder.appending(path: "models/half_plus_two"), version: 2)
        try await daemon.wait("/v1/models/half_plus_two/versions/1") { $0.body.contains("END") }
        #expect(try daemon.request("POST", "/predict", body: Self.request).body.contains(#""version":2"#))
        try await daemon.wait("/v1/registry/models/half_plus_two/versions/2") { $0.body.contains(#""state":"AVAILABLE""#) }
    }

    @Test("SIGHUP puts a new configuration in force, and refuses a wrong one whole")
    func reloads() async throws {
        let daemon = try await RunningDaemon("models: [{name: a, path: @/models/half_plus_two}]")
        try await daemon.wait("/readyz") { $0.status == 200 }
        try daemon.configure("models: [{name: b, path: @/models/half_plus_two}]\nlog: {levl: debug}")
        daemon.send(SIGHUP)
        let refusal = try await daemon.logLine(containing: "is refused")
        #expect(refusal.contains(#"log.levl: unknown key; did you mean "level"?"#))
        #expect(try daemon.request("POST", "/v1/models/a:predict", body: Self.request).status == 200)
        #expect(try daemon.request("POST", "/v1/models/b:predict", body: Self.request).status == 404)
        try daemon.configure("models: [{name: b, path: @/models/half_plus_two}]\nlog: {level: debug}\nengine: {lanes: 3}")
        daemon.send(SIGHUP)
        try await daemon.wait("/v1/models/b") { $0.body.contains("AVAILABLE") }
        try await daemon.wait("/v1/models/a") { $0.body.contains("END") }
        try await daemon.logLine(containing: "engine.lanes from auto to 3; it takes effect with the next start")
        try await daemon.logLine(containing: "configuration read again: log.level from info to debug, model a removed, model b added")
    }

    @Test("a model that cannot be served is told of and leaves the others alone")
    func brokenNeighbour() async throws {
        let daemon = try await RunningDaemon(
            "models: [{name: good, path: @/models/half_plus_two}, {name: lost, path: @/nowhere}]\nmonitoring: {prometheus: {enabled: false}}"
        )
        try await daemon.wait("/v1/models/good") { $0.body.contains("AVAILABLE") }
        let readiness = try daemon.request("GET", "/readyz")
        #expect(readiness.status == 503)
        #expect(readiness.body.contains("lost"))
        #expect(!readiness.body.contains("good"))
        #expect(try daemon.request("POST", "/v1/models/good:predict", body: Self.request).status == 200)
        #expect(try daemon.request("GET", "/monitoring/prometheus/metrics").status == 404)
    }

    @Test("refuses a port or a registry in use, naming it, with exit code 69")
    func inUse() async throws {
        let daemon = try await RunningDaemon()
        let model = "--model_base_path=\(ConfigurationTesting.repository)/models/half_plus_two"
        let port = try Program(
            "serve", model, "--rest_api_port=\(daemon.port)", "--set", "registry.path=\(daemon.folder.path)/other.sqlite")
        #expect(port.exitCode == 69)
        #expect(port.errors.contains("address already in use: 127.0.0.1:\(daemon.port)"))
        let registry = try Program("serve", model, "--set", "server.port=0", "--set", "registry.path=\(daemon.folder.path)/registry.sqlite")
        #expect(registry.exitCode == 69)
        #expect(registry.errors.contains("is in use by"))
    }

    @Test("reports to systemd that it starts, is ready, reloads and stops", arguments: ["loaded", "listening"])
    func notifiesSystemd(notice: String) async throws {
        let socket = try NotifySocket()
        let daemon = try await RunningDaemon(server: ", notify_ready: \(notice)", environment: ["NOTIFY_SOCKET": socket.path])
        let start = try await socket.messages(upTo: "STATUS=serving 1 model: half_plus_two")
        #expect(start.count { $0 == "READY=1" } == 1)
        #expect((start.first == "READY=1") == (notice == "listening"))
        #expect(start.contains { $0.hasPrefix("EXTEND_TIMEOUT_USEC=") } == (notice == "loaded"))
        daemon.send(SIGHUP)
        #expect(try await socket.messages(upTo: "READY=1").contains { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") })
        // A refusal stays in sight until a reload is accepted.
        try daemon.configure("log: {levl: debug}")
        daemon.send(SIGHUP)
        let refused = try await socket.messages(upTo: "READY=1")
        #expect(refused.contains { $0.contains("STATUS=serving 1 model: half_plus_two; reload refused: ") && $0.contains("log.levl") })
        try await daemon.wait("/v1/registry/events") {
            $0.body.contains(#""kind":"configuration_reloaded""#) && $0.body.contains(#""outcome":"failed""#)
        }
        try daemon.configure("model_root: @/models")
        daemon.send(SIGHUP)
        #expect(try await socket.messages(upTo: "READY=1").contains("STATUS=serving 1 model: half_plus_two"))
        daemon.send(SIGTERM)
        _ = try await socket.messages(upTo: "STOPPING=1")
        #expect(await daemon.exitCode() == 0)
    }
}
