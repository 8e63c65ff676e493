import Batching
import GraphIR
import Inference
import ServableCore
import Tensors
import Testing

@testable import ModelServing

@Suite struct OutputFilterTests {
    private static let row = Tensor([1, 2] as [Float], shape: [1, 2])

    @Test("a call for some outputs gets these alone, in the signature's order")
    func filters() async throws {
        let bench = try Bench(Networks.two)
        let cases: [(names: [String], values: [[Float]])] = [
            (["y"], [[2, 4]]), (["z"], [[-1, -2]]), (["z", "y"], [[2, 4], [-1, -2]]), ([], [[2, 4], [-1, -2]]),
        ]
        for (names, values) in cases {
            let outputs = try await bench.predict([Self.row], outputs: names).get()
            #expect(outputs.map { $0.values(Float.self) } == values, "\(names)")
        }
    }

    @Test("computes only what the outputs need, and makes what runs them once")
    func computes() throws {
        let runner = try Bench(Networks.two).runner
        let filtered = try #require(try runner.filtered(outputs: ["z"]) as? SignatureRunner)
        #expect(filtered.engine.graph.nodes.map(\.op.name) == ["Neg"])
        #expect(filtered.isFiltered && filtered.outputs.map(\.name) == ["z"])
        #expect(try runner.filtered(outputs: ["z"]) === filtered)
        #expect(try runner.filtered(outputs: ["z", "y"]) === runner, "all outputs are no filter")
    }

    @Test("refuses outputs that are not the signature's, and those named twice, in TensorFlow Serving's words")
    func refuses() throws {
        let runner = try Bench(Networks.two).runner
        let unknown = ServableError(
            .invalidArgument, "output tensor alias not found in signature: q Outputs expected to be in the set {y,z}.")
        #expect(throws: unknown) { try runner.filtered(outputs: ["y", "q"]) }
        #expect(throws: ServableError(.invalidArgument, "duplicate output tensor alias: y")) { try runner.filtered(outputs: ["y", "y"]) }
    }

    @Test("what runs a filter follows changed settings, counts what waits, and shares batches")
    func settings() async throws {
        let bench = try Bench(Networks.two, policy: BatchPolicy(maxBatchSize: 8, timeout: .seconds(3600)))
        async let waiting = bench.predict([Self.row], outputs: ["y"])
        while bench.runner.queuedRowCount == 0 { await Task.yield() }
        let filtered = try #require(try bench.runner.filtered(outputs: ["y"]) as? SignatureRunner)
        #expect(filtered.sharesBatches && filtered.queuedRowCount == 1)
        bench.runner.apply(BatchingSettings(policy: .standard))
        #expect(try await waiting.get()[0].values(Float.self) == [2, 4])
    }
}
