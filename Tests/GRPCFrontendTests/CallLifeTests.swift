import GRPCCore
import GRPCFrontend
import GRPCNIOTransportHTTP2Posix
import HTTPCore
import ServableCore
import Synchronization
import Testing

@Suite("Deadlines, cancellation and drain of gRPC calls")
struct CallLifeTests {
    private static let service = PredictTests.service

    private static func wait(_ condition: @Sendable () -> Bool) async throws {
        for _ in 0..<2_000 where !condition() { try await Task.sleep(for: .milliseconds(5)) }
        #expect(condition())
    }

    @Test("a call whose time is over is abandoned, and DEADLINE_EXCEEDED")
    func deadline() async throws {
        let live = try LiveServer()
        try await live.run { client in
            // The connection is there when the time begins.
            _ = try await client.call(Self.service, "Predict", PredictTests.request())
            live.backend.parks.withLock { $0 = true }
            var options = CallOptions.defaults
            options.timeout = .milliseconds(500)
            let error = await client.failure(Self.service, "Predict", PredictTests.request(), options: options)
            #expect(error?.code == .deadlineExceeded)
            try await Self.wait { live.backend.abandonedCount == 1 }
            live.backend.answerParked()
        }
    }

    @Test("a call whose client has left is abandoned")
    func cancellation() async throws {
        let live = try LiveServer()
        live.backend.parks.withLock { $0 = true }
        try await live.run { client in
            let call = Task { await client.failure(Self.service, "Predict", PredictTests.request()) }
            try await Self.wait { live.backend.parkedCount == 1 }
            #expect(live.backend.abandonedCount == 0)
            call.cancel()
            try await Self.wait { live.backend.abandonedCount == 1 }
            live.backend.answerParked()
            _ = await call.value
        }
    }

    @Test("a drain answers what is under way, and abandons nothing")
    func drain() async throws {
        let live = try LiveServer()
        live.backend.parks.withLock { $0 = true }
        try await live.run { client in
            let call = Task { try await client.call(Self.service, "Predict", PredictTests.request()) }
            try await Self.wait { live.backend.parkedCount == 1 }
            live.server.beginDrain()
            try await Task.sleep(for: .milliseconds(100))
            #expect(live.backend.abandonedCount == 0)
            live.backend.answerParked()
            #expect(try PredictTests.Response.read(try await call.value).floats == [2.5, 3, 4.5])
        }
    }

    @Test("many calls side by side on one connection")
    func sideBySide() async throws {
        try await LiveServer().run { client in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let bytes = try await client.call(
                            Self.service, "Predict", PredictTests.request(inputs: [("x", [Float(number)], 1)]))
                        return try PredictTests.Response.read(bytes).floats == [Float(number) / 2 + 2]
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }

    @Test("connections beyond the limit are closed at once, and others are taken as soon as there is room")
    func connectionLimit() async throws {
        let live = try LiveServer()
        try await live.serve {
            let port = Int(live.server.addresses[0].port)
            func idle(_ body: () async throws -> Void) async throws {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<LiveServer.maxConnections {
                        let client = GRPCClient(
                            transport: try HTTP2ClientTransport.Posix(
                                target: .ipv4(address: "127.0.0.1", port: port), transportSecurity: .plaintext))
                        group.addTask { try await client.runConnections() }
                        _ = try await client.call(Self.service, "Predict", PredictTests.request())
                    }
                    try await body()
                    group.cancelAll()
                }
            }
            try await idle {
                #expect(live.server.openConnectionCount == LiveServer.maxConnections)
                let transport = try HTTP2ClientTransport.Posix(
                    target: .ipv4(address: "127.0.0.1", port: port), transportSecurity: .plaintext)
                try await withGRPCClient(transport: transport) { client in
                    var options = CallOptions.defaults
                    options.timeout = .milliseconds(500)
                    let error = await client.failure(Self.service, "Predict", PredictTests.request(), options: options)
                    #expect(error != nil)
                }
                try await Self.wait { live.server.refusedConnectionCount > 0 }
            }
            try await Self.wait { live.server.openConnectionCount == 0 }
            let transport = try HTTP2ClientTransport.Posix(
                target: .ipv4(address: "127.0.0.1", port: port), transportSecurity: .plaintext)
            try await withGRPCClient(transport: transport) { client in
                _ = try await client.call(Self.service, "Predict", PredictTests.request())
            }
        }
    }

    static let timeouts: [(text: String, duration: Duration?)] = [
        ("1H", .seconds(3_600)), ("2M", .seconds(120)), ("3S", .seconds(3)), ("4m", .milliseconds(4)), ("5u", .microseconds(5)),
        ("6n", .nanoseconds(6)), ("99999999H", .seconds(86_400)), ("0n", .zero), ("", nil), ("S", nil), ("123456789S", nil), ("1x", nil),
        ("-1S", nil), ("1.5S", nil), ("1 S", nil),
    ]

    @Test("grpc-timeout has one to eight digits and a unit", arguments: timeouts)
    func timeout(text: String, duration: Duration?) { #expect(CallTimeout.duration(text) == duration) }
}
