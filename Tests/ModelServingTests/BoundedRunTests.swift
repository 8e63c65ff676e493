import Batching
import GraphIR
import Inference
import ServableCore
import Synchronization
import Tensors
import Testing

@testable import ModelServing

/// What one call may cost the others: time and memory.
@Suite(.timeLimit(.minutes(1)))
struct BoundedRunTests {
    /// Rounds that take half a minute or more.
    private static let endless = Tensor([9_000_000] as [Int64], shape: [1])
    private static let eights = [Float](repeating: 8, count: 1 << 15)
    private static let short = Tensor([3] as [Int64], shape: [1])

    private static func error(_ result: PredictionResult) -> ServableError? {
        if case .failure(let error) = result { error } else { nil }
    }

    @Test("a run over its time is stopped and answered, and the lane goes on")
    func deadline() async throws {
        let bench = try Bench(Networks.rounds, output: Networks.rows, sharing: .alone("it loops"), lanes: 1)
        let error = Self.error(await bench.predict([Self.endless], timeout: .milliseconds(50)))
        #expect(error?.code == .deadlineExceeded)
        let next = try await bench.predict([Self.short]).get()
        #expect(next[0].values(Float.self) == Self.eights)
    }

    @Test("a call that waits behind a long run is answered when its time is over, while the lane is still busy")
    func deadlineInQueue() async throws {
        let bench = try Bench(Networks.rounds, sharing: .alone("it loops"), lanes: 1)
        let client = Client()
        async let long = bench.predict([Self.endless], client: client)
        while bench.runner.runningBatchCount == 0 { await Task.yield() }
        let waiting = Self.error(await bench.predict([Self.short], timeout: .milliseconds(50)))
        #expect(waiting == ServableError(.resourceExhausted, "Run() timeout exceeded while waiting in batching queue"))
        client.leave()
        #expect(Self.error(await long)?.code == .cancelled)
    }

    @Test("a run whose client has left is stopped")
    func abandoned() async throws {
        let bench = try Bench(Networks.rounds, sharing: .alone("it loops"), lanes: 1)
        let client = Client()
        async let long = bench.predict([Self.endless], client: client)
        client.leave()
        #expect(Self.error(await long)?.code == .cancelled)
        #expect(try await bench.predict([Self.short]).get()[0].values(Float.self) == Self.eights)
    }

    @Test(
        "a result that a request makes too large is refused with the node's name",
        arguments: [1 << 40, 6_000_000_000, Int64.max, 1 << 62] as [Int64])
    func size(_ count: Int64) async throws {
        let bench = try Bench(Networks.sized, output: TensorType(.float32, SymbolicShape([])), sharing: .alone("it has no rows"))
        let error = try #require(Self.error(await bench.predict([Tensor([count], shape: [1])])))
        #expect(error.code == .invalidArgument && error.message.contains("node \"z\" (ConstantOfShape)"), "\(error)")
        #expect(try await bench.predict([Tensor([4] as [Int64], shape: [1])]).get()[0].values(Float.self) == [0])
    }

    @Test("an unloaded version makes nobody wait for company")
    func drains() async throws {
        let bench = try Bench(Networks.double, policy: BatchPolicy(maxBatchSize: 8, timeout: .seconds(30)))
        async let waiting = bench.predict([Tensor([1, 2] as [Float], shape: [1, 2])])
        while bench.runner.queuedRowCount == 0 { await Task.yield() }
        bench.runner.beginDrain()
        #expect(try await waiting.get()[0].values(Float.self) == [2, 4])
        #expect(try await bench.predict([Tensor([3, 4] as [Float], shape: [1, 2])]).get()[0].values(Float.self) == [6, 8])
    }
}
