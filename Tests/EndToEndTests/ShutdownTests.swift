import Foundation
import Synchronization
import Testing

extension EndToEnd {
    @Suite("Shutdown")
    struct ShutdownTests {
        struct WrongAnswer: Error {
            let response: HTTPResponse
        }

        private static let path = "/v1/models/half_plus_two:predict"
        private static let clientCount = 8

        @Test("SIGTERM under load: every accepted request is answered in full and the exit status is 0")
        func underLoad() async throws {
            // A client that the machine leaves without a processor for a while is still a client with a request under way.
            let daemon = try await Self.daemon("server: {limits: {drain_grace: 20s}}")
            let answered = (0..<Self.clientCount).map { _ in AnswerCount() }
            let crew = ClientCrew(count: Self.clientCount) { client, _ in
                // One half keeps its connection while it may, the other half makes one for each request.
                let keeps = client.isMultiple(of: 2)
                while let connection = try Self.connect(daemon) {
                    while try Self.predict(connection, client, keeps: keeps) { answered[client].increment() }
                    answered[client].increment()
                }
            }
            try await daemon.wait("answers for every client") {
                !crew.failures.isEmpty || answered.allSatisfy { $0.value >= 20 }
            }
            daemon.send(SIGTERM)
            #expect(await crew.finish() == [])
            #expect(try await daemon.exitStatus() == 0)
            #expect(try !daemon.log().contains(" cut"))
        }

        @Test("SIGTERM lets a half-sent request come to its end and closes resting connections")
        func halfSent() async throws {
            let daemon = try await Self.daemon()
            let resting = try daemon.connect()
            #expect(try resting.request("GET", "/healthz").status == 200)
            let slow = try daemon.connect()
            let body = #"{"instances": [1.0, 2.0, 5.0]}"#
            let head = HTTPClient.head("POST", Self.path, fields: [("Host", "localhost"), ("Content-Length", String(body.utf8.count))])
            try slow.send(head + body.prefix(10))
            daemon.send(SIGTERM)
            try await daemon.waitForLog("draining")
            #expect(throws: HTTPClient.Failure.closed(receivedByteCount: 0)) { try resting.receive() }
            try slow.send(String(body.dropFirst(10)))
            let response = try slow.receive()
            #expect(try response.json == ["predictions": [2.5, 3.0, 4.5]])
            #expect(response.closes)
            #expect(throws: HTTPClient.Failure.closed(receivedByteCount: 0)) { try slow.receive() }
            #expect(try await daemon.exitStatus() == 0)
            #expect(throws: HTTPClient.Failure.refused) { try daemon.connect() }
        }

        @Test("a second signal ends the daemon at once, by that signal", arguments: [SIGTERM, SIGINT])
        func twice(signal: Int32) async throws {
            let daemon = try await Self.daemon()
            let slow = try daemon.connect()
            try slow.send(HTTPClient.head("POST", Self.path, fields: [("Host", "localhost"), ("Content-Length", "10")]))
            daemon.send(SIGTERM)
            // The log says what is waited for.
            try await daemon.waitForLog("draining: waiting for 1 connection, 0 requests under way")
            daemon.send(signal)
            #expect(try await daemon.exitStatus() == -signal)
            #expect(try daemon.log().contains("the second signal: the daemon ends at once"))
        }

        @Test("with a drain delay, readiness is refused and requests are served over connections that end, before the listeners close")
        func delay() async throws {
            let daemon = try await Self.daemon("server: {drain_delay: 2s}")
            let kept = try daemon.connect()
            #expect(try kept.request("GET", "/readyz").status == 200)
            daemon.send(SIGTERM)
            try await daemon.waitForLog("stopping by SIGTERM: /readyz answers 503, and requests are accepted for 2s more")
            let refused = try kept.request("GET", "/readyz")
            #expect(refused.status == 503 && refused.closes)
            let served = try daemon.connect().request("POST", Self.path, body: #"{"instances": [1.0]}"#)
            #expect(served.status == 200 && served.closes)
            #expect(try await daemon.exitStatus() == 0)
            #expect(throws: HTTPClient.Failure.refused) { try daemon.connect() }
        }

        private static func daemon(_ configuration: String = "") async throws -> DaemonProcess {
            let home = try TemporaryFolder()
            try home.copyModel("half_plus_two")
            let daemon = try await DaemonProcess(in: home, "model_root: models\n" + configuration)
            try await daemon.waitUntilReady()
            return daemon
        }

        /// Nil when nobody listens any more.
        private static func connect(_ daemon: DaemonProcess) throws -> HTTPClient? {
            do {
                return try HTTPClient(port: daemon.port)
            } catch HTTPClient.Failure.refused {
                return nil
            }
        }

        /// Asks and checks the answer; false when the connection ends with it.
        private static func predict(_ connection: HTTPClient, _ client: Int, keeps: Bool) throws -> Bool {
            let fields = keeps ? [] : [("Connection", "close")]
            let response = try connection.request("POST", path, body: #"{"instances": [\#(client)]}"#, fields: fields)
            guard response.status == 200, try response.json == ["predictions": [.number(Double(client) / 2 + 2)]] else {
                throw WrongAnswer(response: response)
            }
            return !response.closes
        }

        /// Counts across threads.
        private final class AnswerCount: Sendable {
            private let count = Atomic(0)
            var value: Int { count.load(ordering: .relaxed) }
            func increment() { count.add(1, ordering: .relaxed) }
        }
    }
}
