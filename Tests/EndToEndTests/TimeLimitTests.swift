import Testing

extension EndToEnd {
    /// A run that takes minutes, on the only lane.
    @Suite("Time limits")
    struct TimeLimitTests {
        private static let endlessRun = #"{"inputs": [9000000]}"#
        private static let quickRun = #"{"instances": [1]}"#
        /// Far below what the run takes, and above what a busy machine makes of an instant.
        private static let promptly = Duration.seconds(5)

        private static func daemon(requestTimeout: String, _ home: TemporaryFolder) async throws -> DaemonProcess {
            try TinyModel.slowLoop.publish(1, in: home["models/loop"])
            try TinyModel.adding(1).publish(1, in: home["models/shift"])
            let daemon = try await DaemonProcess(
                in: home,
                "model_root: models\nserver: {request_timeout: \(requestTimeout)}\nengine: {lanes: 1, inline_budget: 0us}")
            try await daemon.waitUntilReady()
            #expect(try daemon.predict("loop", #"{"inputs": [3]}"#).json["outputs"][63][63] == 1)
            return daemon
        }

        /// A client whose run has the lane: what comes behind it is over its time before its turn.
        private static func occupyLane(_ daemon: DaemonProcess, fields: [(String, String)] = []) async throws -> HTTPClient {
            let client = try daemon.connect()
            try client.send("POST", "/v1/models/loop:predict", body: endlessRun, fields: fields)
            try await daemon.wait("a busy lane") {
                try daemon.predict("shift", quickRun, fields: [("X-Request-Timeout-Ms", "50")]).status != 200
            }
            return client
        }

        @Test("a run over the request's time is stopped in the middle of a loop, and what waits behind it has its turn")
        func stopped() async throws {
            let daemon = try await Self.daemon(requestTimeout: "1s", TemporaryFolder())
            let start = ContinuousClock.now
            let running = try await Self.occupyLane(daemon), waiting = try daemon.connect()
            try waiting.send("POST", "/v1/models/shift:predict", body: Self.quickRun)
            let response = try running.receive(), elapsed = ContinuousClock.now - start
            #expect(response.status == 504)
            #expect(try response.error == "the prediction did not finish within the request's time")
            #expect(elapsed >= .seconds(1) && elapsed < Self.promptly)
            let behind = try waiting.receive()
            #expect([200, 429].contains(behind.status), "\(behind.body)")
            #expect(ContinuousClock.now - start < Self.promptly)
            #expect(try daemon.predict("shift", Self.quickRun).json == ["predictions": [2]])
        }

        @Test("a client makes its request's time shorter, for its run and for its wait")
        func shortened() async throws {
            let daemon = try await Self.daemon(requestTimeout: "1h", TemporaryFolder())
            var start = ContinuousClock.now
            let response = try daemon.predict("loop", Self.endlessRun, fields: [("X-Request-Timeout-Ms", "200")])
            #expect(response.status == 504, "\(response.body)")
            #expect(ContinuousClock.now - start < Self.promptly)

            let running = try await Self.occupyLane(daemon)
            start = .now
            let behind = try daemon.predict("shift", Self.quickRun, fields: [("X-Request-Timeout-Ms", "200")])
            #expect(behind.status == 504)
            #expect(try behind.error == "the request's time was over before its turn")
            #expect(ContinuousClock.now - start < Self.promptly)
            let open = try daemon.request(
                "POST", "/v2/models/shift/infer",
                body: #"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}],"parameters":{"timeout":200000}}"#)
            #expect(open.status == 504, "\(open.body)")
            #expect(ContinuousClock.now - start < Self.promptly)
            withExtendedLifetime(running) {}
        }

        @Test("a client that leaves frees the lane")
        func left() async throws {
            let daemon = try await Self.daemon(requestTimeout: "1h", TemporaryFolder())
            var running: HTTPClient? = try await Self.occupyLane(daemon)
            #expect(running != nil)
            running = nil
            let start = ContinuousClock.now
            #expect(try daemon.predict("shift", Self.quickRun).json == ["predictions": [2]])
            #expect(ContinuousClock.now - start < Self.promptly)
        }
    }
}
