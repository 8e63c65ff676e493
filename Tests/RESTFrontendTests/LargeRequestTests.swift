import HTTPCore
import ModelServing
import RESTFrontend
import ServableCore
import Synchronization
import Testing

@Suite("large requests", .timeLimit(.minutes(1)))
struct LargeRequestTests {
    private static let inlineByteCount = 1024
    private static let target = "/v1/models/half_plus_two:predict"

    private static func server(_ executor: FakeExecutor?, timeout: Duration? = .seconds(30)) throws -> LiveServer {
        var limits = ConnectionLimits()
        limits.maxInlineBodyBytes = inlineByteCount
        return try LiveServer(configuration: RESTConfiguration(requestTimeout: timeout), limits: limits, executor: executor)
    }

    /// `{"inputs":[2]}` of so many bytes.
    private static func body(_ byteCount: Int) -> String {
        let text = "{\"inputs\":[2]}"
        return text + String(repeating: " ", count: byteCount - text.utf8.count)
    }

    private static func gzip(_ text: String) throws -> [UInt8] {
        var packed = ByteBuffer()
        let isPacked = try Array(text.utf8).withUnsafeBytes {
            try #require(Deflater(level: 6)).compress($0, into: &packed, maxByteCount: 1 << 16)
        }
        try #require(isPacked)
        return Array(packed.bytes)
    }

    @Test(
        "go to the executor, and small ones do not",
        arguments: [(20, false), (inlineByteCount, false), (inlineByteCount + 1, true), (100_000, true)])
    func divides(byteCount: Int, isLarge: Bool) async throws {
        let executor = FakeExecutor(runsAtOnce: true)
        let server = try Self.server(executor)
        let answer = try await server.request("POST", Self.target, body: Self.body(byteCount))
        #expect(answer.status == 200)
        #expect(executor.deadlines.count == (isLarge ? 1 : 0))
        await server.stop()
    }

    @Test("compressed bodies count eightfold, as they grow")
    func compressed() async throws {
        let executor = FakeExecutor(runsAtOnce: true)
        let server = try Self.server(executor)
        // Digits do not compress to nothing, as blanks do.
        let numbers = (0..<200).map { String($0 &* 7919 % 1000) }.joined(separator: ",")
        let small = try Self.gzip("{\"inputs\":[2]}"), large = try Self.gzip("{\"inputs\":[\(numbers)]}")
        try #require(small.count <= Self.inlineByteCount / 8 && large.count > Self.inlineByteCount / 8)
        try #require(large.count < Self.inlineByteCount)
        for (bytes, count) in [(small, 0), (large, 1)] {
            let answer = try await server.request("POST", Self.target, bytes: bytes, headers: ["Content-Encoding": "gzip"])
            #expect(answer.status == 200)
            #expect(executor.deadlines.count == count)
        }
        await server.stop()
    }

    @Test("wait no longer than their client says, in the line of their priority")
    func urgency() async throws {
        let executor = FakeExecutor(runsAtOnce: true)
        let server = try Self.server(executor, timeout: .seconds(3600))
        let headers = ["X-Request-Timeout-Ms": "60000", "X-Request-Priority": "low"]
        for headers in [headers, [:], ["X-Request-Timeout-Ms": "soon"]] {
            let answer = try await server.request("POST", Self.target, body: Self.body(5000), headers: headers)
            #expect(answer.status == (headers["X-Request-Timeout-Ms"] == "soon" ? 400 : 200))
        }
        #expect(executor.priorities == [.low, .high, .high])
        let times = executor.deadlines.map { $0.map { $0 - .now } ?? .zero }
        #expect(times[0] < .seconds(61) && times[1] > .seconds(3000) && times[2] > .seconds(3000))
        await server.stop()
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var method = "POST"
        var target = LargeRequestTests.target
        var start = "{\"inputs\":[2]"
        var end = "}"
        var headers: [String: String] = [:]
        let status: Int
        var testDescription: String { name }

        /// The request's body with so many blanks in it that it has `byteCount` bytes.
        func body(_ byteCount: Int) -> String {
            start + String(repeating: " ", count: max(0, byteCount - start.utf8.count - end.utf8.count)) + end
        }
    }

    static let cases = [
        Case(name: "a prediction", status: 200),
        Case(
            name: "a prediction by the body's address", target: "/predict", start: "{\"model\":\"half_plus_two\",\"inputs\":[2]",
            status: 200),
        Case(name: "rows", start: "{\"instances\":[1.0,2.0,5.0]", status: 200),
        Case(name: "no such model", target: "/v1/models/nope:predict", status: 404),
        Case(name: "a malformed path", target: "/v1/nothing", status: 400),
        Case(name: "no such route", target: "/nowhere", status: 404),
        Case(name: "a route of another method", target: "/healthz", status: 405),
        Case(name: "a body cut off", end: "", status: 400),
        Case(name: "a body of another kind", start: "{\"inputs\":[[\"a\"", end: "]]}", status: 400),
        Case(name: "a wrong header", headers: ["X-Request-Timeout-Ms": "soon"], status: 400),
        Case(name: "a corrupt coding", headers: ["Content-Encoding": "gzip"], status: 400),
        Case(name: "an unknown coding", headers: ["Content-Encoding": "br"], status: 415),
        Case(name: "text instead of examples", target: "/v1/models/half_plus_two:classify", status: 400),
    ]

    @Test("have the responses and records that small ones have", arguments: cases)
    func sameResponses(_ subject: Case) async throws {
        var seen: [Seen] = []
        for (executor, byteCount) in [(nil, 0), (FakeExecutor(runsAtOnce: true), Self.inlineByteCount * 2)] as [(FakeExecutor?, Int)] {
            let server = try Self.server(executor)
            let answer = try await server.request(
                subject.method, subject.target, body: subject.body(byteCount), headers: subject.headers)
            #expect(answer.status == subject.status)
            #expect(executor.map { $0.deadlines.count == 1 } ?? true)
            seen.append(Seen(answer, server.observer))
            await server.stop()
        }
        #expect(seen[0].head == seen[1].head)
        // A position in the text is another when there is more text.
        #expect(subject.end.isEmpty || seen[0].body == seen[1].body)
        #expect(seen[0].records == seen[1].records)
    }

    @Test("have until the request's time is over, counted from when they were there")
    func deadlines() async throws {
        let executor = FakeExecutor(runsAtOnce: true)
        let server = try Self.server(executor, timeout: .seconds(1000))
        let before = ContinuousClock.now
        _ = try await server.request("POST", Self.target, body: Self.body(5000))
        let deadline = try #require(executor.deadlines.first ?? nil)
        #expect(deadline >= before + .seconds(1000) && deadline <= .now + .seconds(1000))
        #expect(server.backend.lastTimeout.withLock { $0 } == .seconds(1000))
        await server.stop()

        let patient = FakeExecutor(runsAtOnce: true), unlimited = try Self.server(patient, timeout: nil)
        _ = try await unlimited.request("POST", Self.target, body: Self.body(5000))
        #expect(patient.deadlines == [nil])
        await unlimited.stop()
    }

    @Test("are answered 504 when their turn does not come in time, and are recorded so")
    func expired() async throws {
        let executor = FakeExecutor()
        let server = try Self.server(executor)
        async let answer = server.request("POST", Self.target, body: Self.body(5000))
        while executor.waitingCount < 1 { await Task.yield() }
        // Others do not wait behind it.
        #expect(try await server.request("POST", Self.target, body: Self.body(20)).status == 200)
        executor.expireWaiting()
        #expect(try await answer.status == 504)
        #expect(try await answer.error == "the request's time was over before its body could be read")
        let records = server.observer.requests.withLock { $0 }
        #expect(records.map(\.outcome.status) == [.ok, .deadlineExceeded])
        #expect(records.allSatisfy { $0.outcome.nanoseconds > 0 && $0.record.entrypoint == .rest })
        #expect(records.map(\.outcome.nanoseconds).last ?? 0 > records.first?.outcome.nanoseconds ?? .max)
        await server.stop()
    }

    @Test("are answered 400 when their responses would be too long, and are recorded so")
    func tooLongResponse() async throws {
        var limits = ConnectionLimits()
        limits.maxResponseBytes = 64 << 10
        let server = try LiveServer(limits: limits)
        let body = "{\"inputs\":[\(Array(repeating: "2", count: 20_000).joined(separator: ","))]}"
        let answer = try await server.request("POST", Self.target, body: body)
        #expect(answer.status == 400)
        // What is written counts, not the room that writing it might have taken.
        let short = "{\"inputs\":[\(Array(repeating: "2", count: 12_000).joined(separator: ","))]}"
        #expect(try await server.request("POST", Self.target, body: short).status == 200)
        let message = try #require(try answer.error)
        #expect(message.contains("more than 65536 bytes") && message.contains("server.limits.max_response_bytes"))
        #expect(try await server.request("POST", Self.target, body: Self.body(20)).status == 200)
        #expect(server.observer.requests.withLock { $0 }.map(\.outcome.status) == [.invalidArgument, .ok, .ok])
        await server.stop()
    }

    @Test("are read by nobody when their clients left while they waited", arguments: [LiveServer.Departure.close, .reset])
    func abandoned(_ departure: LiveServer.Departure) async throws {
        let executor = FakeExecutor()
        let server = try Self.server(executor)
        let leaving = try await server.send("POST", Self.target, body: Self.body(5000))
        while executor.waitingCount < 1 { await Task.yield() }
        leaving.leave(departure)
        while server.statistics.abandonedRequests < 1 { await Task.yield() }
        executor.runWaiting()
        #expect(server.backend.lastTimeout.withLock { $0 } == nil)
        #expect(try await server.request("POST", Self.target, body: Self.body(20)).status == 200)
        await server.stop()
    }
}
