import Testing

extension EndToEnd {
    /// Which requests wait, for how long, and how many.
    @Suite("Priorities and queues")
    struct UrgencyTests {
        private static func daemon(_ more: String = "") async throws -> DaemonProcess {
            let home = try TemporaryFolder()
            try TinyModel.slowLoop.publish(1, in: home["models/loop"])
            try TinyModel.adding(1).publish(1, in: home["models/shift"])
            let daemon = try await DaemonProcess(in: home, "model_root: models\nengine: {lanes: 1, inline_budget: 0us}\n\(more)")
            try await daemon.waitUntilReady()
            return daemon
        }

        /// A client whose run has the only lane for seconds.
        private static func occupyLane(_ daemon: DaemonProcess) async throws -> HTTPClient {
            let client = try daemon.connect()
            try client.send("POST", "/v1/models/loop:predict", body: #"{"inputs": [9000000]}"#)
            try await daemon.wait("a busy lane") {
                try daemon.predict("shift", #"{"instances": [1]}"#, fields: [("X-Request-Timeout-Ms", "50")]).status == 504
            }
            return client
        }

        @Test("a queue that is full answers 429 with Retry-After; a request larger than its bound is taken when nothing waits")
        func bound() async throws {
            let daemon = try await Self.daemon("batching: {max_batch_size: 2, max_queued_batches: 1}")
            let many = "{\"instances\": [\(Array(repeating: "1", count: 4000).joined(separator: ","))]}"
            #expect(try daemon.predict("shift", many).status == 200)
            let running = try await Self.occupyLane(daemon), waiting = try daemon.connect()
            try waiting.send("POST", "/v1/models/shift:predict", body: many)
            var refused: HTTPResponse?
            try await daemon.wait("a full queue") {
                let response = try daemon.predict("shift", #"{"instances": [1]}"#, fields: [("X-Request-Timeout-Ms", "50")])
                if response.status == 429 { refused = response }
                return refused != nil
            }
            #expect(refused?.fields["retry-after"] == "1")
            #expect(try refused?.error?.hasPrefix("The batch scheduling queue to which this task was submitted is full") == true)
            withExtendedLifetime(running) {}
        }

        @Test("two requests at once, each larger than a batch and together larger than the bound, are both taken")
        func twoLarge() async throws {
            let daemon = try await Self.daemon()
            let many = "{\"instances\": [\(Array(repeating: "1", count: 4000).joined(separator: ","))]}"
            let clients = try (0..<2).map { _ in try daemon.connect() }
            for client in clients { try client.send("POST", "/v1/models/shift:predict", body: many) }
            for client in clients { #expect(try client.receive().status == 200) }
        }

        @Test("a request of low priority waits until those of high priority have run, of whatever model")
        func priority() async throws {
            let daemon = try await Self.daemon()
            var running: HTTPClient? = try await Self.occupyLane(daemon)
            #expect(running != nil)
            let low = try daemon.connect(), high = try daemon.connect()
            try low.send("POST", "/v1/models/loop:predict", body: #"{"inputs": [2000000]}"#, fields: [("X-Request-Priority", "low")])
            try await daemon.wait("the first to wait") {
                try daemon.metric(#"apus_queue_depth{model="loop",version="1",signature="serving_default"}"#) == 1
            }
            try high.send("POST", "/v1/models/shift:predict", body: #"{"instances": [1]}"#)
            try await daemon.wait("the second to wait") {
                try daemon.metric(#"apus_queue_depth{model="shift",version="1",signature="serving_default"}"#) == 1
            }
            running = nil
            // The loop of low priority takes far longer than the sum, which has come after it.
            #expect(try high.receive().json == ["predictions": [2]])
            #expect(try daemon.metric(#"apus_requests_total{model="loop",version="1",signature="serving_default",status="OK"}"#) ?? 0 == 0)
            #expect(try daemon.predict("shift", #"{"instances": [1]}"#, fields: [("X-Request-Priority", "urgent")]).status == 400)
        }

        @Test("a reload changes batching of a version that is loaded")
        func reload() async throws {
            let daemon = try await Self.daemon("batching: {max_batch_size: 4, timeout: 1h, target_latency: 0us}")
            let waiting = try daemon.connect()
            try waiting.send("POST", "/v1/models/shift:predict", body: #"{"instances": [1]}"#)
            try await daemon.wait("the request to wait for company") {
                try daemon.metric(#"apus_queue_depth{model="shift",version="1",signature="serving_default"}"#) == 1
            }
            try daemon.home.write("model_root: models\nengine: {lanes: 1, inline_budget: 0us}\nbatching: {timeout: 0us}", to: "apus.yaml")
            daemon.send(1)
            #expect(try waiting.receive().json == ["predictions": [2]])
            #expect(try daemon.predict("shift", #"{"instances": [1]}"#).status == 200)
        }
    }
}
