import Foundation
import Testing

extension EndToEnd {
    @Suite("Bad requests")
    struct BadRequestTests {
        struct Bad: Sendable {
            var method = "POST"
            var path = "/v1/models/half_plus_two:predict"
            var body = ""
            let status: Int
            let says: String
        }

        private static let bad: [Bad] = [
            Bad(body: #"{"instances": [[1.0, 2.0]]}"#, status: 400, says: #"input "x" has shape [1,2], expected float32[batch]"#),
            Bad(body: #"{"instances": [[1.0], [2.0, 3.0]]}"#, status: 400, says: "Expecting tensor size: 1 but got: 2"),
            Bad(body: #"{"instances": ["one"]}"#, status: 400, says: #"JSON Value: "one" Type: String is not of expected type: float"#),
            Bad(body: #"{"instances": [1.0], "signature_name": "none"}"#, status: 400, says: #"signature name: "none" not found"#),
            Bad(body: #"{"inputs": {"z": [1.0]}}"#, status: 400, says: "Missing named input: x"),
            Bad(body: #"{}"#, status: 400, says: "Missing 'inputs' or 'instances' key"),
            Bad(body: #"{"instances": [1.0]"#, status: 400, says: "JSON Parse error"),
            Bad(body: "half plus two", status: 400, says: "JSON Parse error"),
            Bad(path: "/v1/models/nobody:predict", body: #"{"instances": [1.0]}"#, status: 404, says: "Latest(nobody)"),
            Bad(
                path: "/v1/models/half_plus_two/versions/7:predict", body: #"{"instances": [1.0]}"#, status: 404,
                says: "Specific(half_plus_two, 7)"),
            Bad(path: "/predict", body: #"{"model": "nobody", "instances": [1.0]}"#, status: 404, says: "Latest(nobody)"),
            Bad(path: "/nowhere", status: 404, says: "there is no route /nowhere"),
            Bad(method: "GET", path: "/predict", status: 405, says: "GET is not allowed on /predict; allowed: POST"),
        ]

        @Test("each bad request gets a JSON error that names the thing, and its connection goes on")
        func answers() async throws {
            let daemon = try await Self.daemon()
            let client = try daemon.connect()
            for bad in Self.bad {
                let response = try client.request(bad.method, bad.path, body: bad.body)
                #expect(response.status == bad.status, "\(bad.path) \(bad.body)")
                let error = try #require(try response.error)
                #expect(error.contains(bad.says), "\(bad.path) \(bad.body)")
                let good = try client.request("POST", "/v1/models/half_plus_two:predict", body: #"{"instances": [1.0]}"#)
                #expect(try good.json == ["predictions": [2.5]])
            }
        }

        @Test("a body over the limit gets 413 with the limit, before it is sent in full", arguments: [true, false])
        func tooLarge(isChunked: Bool) async throws {
            let daemon = try await Self.daemon()
            let client = try daemon.connect()
            let framing = isChunked ? ("Transfer-Encoding", "chunked") : ("Content-Length", "1000000")
            let head = HTTPClient.head("POST", "/v1/models/half_plus_two:predict", fields: [("Host", "localhost"), framing])
            try client.send(head + (isChunked ? "f4240\r\n" : "") + #"{"instances": ["#)
            let response = try client.receive()
            #expect(response.status == 413)
            #expect(
                try response.error == "the request body is larger than 2048 bytes; send a smaller one or raise the limit max_body_bytes")
            #expect(response.closes)
            #expect(try daemon.request("GET", "/readyz").status == 200)
        }

        @Test("bytes that are no HTTP get 400 and the connection ends; others go on")
        func notHTTP() async throws {
            let daemon = try await Self.daemon()
            let other = try daemon.connect()
            let client = try daemon.connect()
            try client.send("MAKE ME A SANDWICH\r\n\r\n")
            let response = try client.receive()
            #expect(response.status == 400)
            #expect(try response.error?.isEmpty == false)
            #expect(response.closes)
            #expect(try other.request("GET", "/healthz").status == 200)
        }

        private static func daemon() async throws -> DaemonProcess {
            let home = try TemporaryFolder()
            try home.copyModel("half_plus_two")
            let daemon = try await DaemonProcess(in: home, "model_root: models\nserver: {limits: {max_body_bytes: 2KiB}}")
            try await daemon.waitUntilReady()
            return daemon
        }
    }
}
