import Foundation
import ModelServing
import RESTFrontend
import ServableCore
import Synchronization
import Testing

@Suite("Requests that wait for their model", .timeLimit(.minutes(1)))
struct HeldRequestTests {
    private static let body = #"{"instances":[[1.0,2.0,5.0]]}"#

    struct Call: Sendable, CustomTestStringConvertible {
        let method: String
        let target: String
        var body: String?
        let answer: String
        var testDescription: String { "\(method) \(target)" }
    }

    static let calls = [
        Call(method: "POST", target: "/v1/models/m:predict", body: body, answer: "predictions"),
        Call(method: "POST", target: "/predict", body: #"{"model":"m","instances":[[1.0,2.0,5.0]]}"#, answer: "predictions"),
        Call(method: "GET", target: "/v1/models/m/metadata", answer: "model_spec"),
    ]

    private func withHoldingServer(_ body: (LiveServer, Loading) async throws -> Void) async throws {
        let loading = Loading(FakeBackend(versions: ["m": [1]]))
        let server = try LiveServer(loading.fake, backend: loading)
        try await body(server, loading)
        await server.stop()
    }

    @Test("go on with their own content when it is there", arguments: calls)
    func goOn(_ call: Call) async throws {
        try await withHoldingServer { server, loading in
            async let answer = server.request(call.method, call.target, body: call.body)
            await loading.waitUntilHeld()
            loading.finish(nil)
            let got = try await answer
            #expect(got.status == 200 && got.headers["apus-model-version"] == "1")
            #expect(try got.json?[call.answer] != nil)
        }
    }

    @Test("are refused when it does not come", arguments: calls)
    func refused(_ call: Call) async throws {
        try await withHoldingServer { server, loading in
            async let answer = server.request(call.method, call.target, body: call.body)
            await loading.waitUntilHeld()
            loading.finish(ServableError(.unavailable, "version 1 is END"))
            let got = try await answer
            #expect(got.status == 503 && got.headers["retry-after"] == "1")
            #expect(try got.error == "version 1 is END")
        }
    }

    @Test("are answered 504 when their time is over before")
    func tooLate() async throws {
        try await withHoldingServer { server, loading in
            async let answer = server.request(
                "POST", "/v1/models/m:predict", body: Self.body, headers: ["X-Request-Timeout-Ms": "1"])
            await loading.waitUntilHeld()
            try await Task.sleep(for: .milliseconds(2))
            loading.finish(ServableError(.unavailable, "version 1 is LOADING"))
            let got = try await answer
            #expect(got.status == 504)
            #expect(try got.error?.hasSuffix("version 1 is LOADING") == true)
        }
    }

    @Test("are not held when there is nothing to wait for")
    func notHeld() async throws {
        try await withHoldingServer { server, loading in
            loading.holds.withLock { $0 = false }
            let answer = try await server.request("POST", "/v1/models/m:predict", body: Self.body)
            #expect(answer.status == 503 && answer.headers["retry-after"] == "1")
        }
    }
}

/// A backend whose models are not there until a test says so.
final class Loading: PredictionBackend {
    typealias Completion = @Sendable (Result<PredictionTarget, ServableError>) -> Void

    let fake: FakeBackend
    let holds = Mutex(true)
    private let waiting = Mutex<[(model: String?, completion: Completion)]>([])
    private let held = AsyncStream.makeStream(of: Void.self)

    init(_ fake: FakeBackend) { self.fake = fake }

    var board: StatusBoard { fake.board }

    func target(model: String?, selector: VersionSelector) throws(ServableError) -> PredictionTarget {
        throw ServableError(.unavailable, "version 1 is LOADING")
    }

    func wait(
        for model: String?, _ selector: VersionSelector, timeout: Duration?, _ completion: @escaping Completion
    ) -> Bool {
        guard holds.withLock({ $0 }) else { return false }
        waiting.withLock { $0.append((model, completion)) }
        held.continuation.yield()
        return true
    }

    func waitUntilHeld() async {
        for await _ in held.stream { return }
    }

    /// - Parameter error: nil: the models are there.
    func finish(_ error: ServableError?) {
        let all = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for (model, completion) in all {
            do throws(ServableError) {
                if let error { throw error }
                completion(.success(try fake.target(model: model, selector: .latest)))
            } catch {
                completion(.failure(error))
            }
        }
    }
}
