import GraphIR
import Tensors
import Testing

@testable import Inference

@Suite("Rounds of one plan") struct PlanRoundsTests {
    /// Runs its body over a value again and again, as often as its attribute says, when the body can be made ready for that.
    private struct Repeat: SubgraphOperator {
        static let subgraphAttributes = ["body"]
        let count: Int
        let record: Record

        func subgraphInputs(_ inputs: OperatorInputs) throws(OperatorError) -> [[ValueFact]] { [[try inputs.required(0)]] }

        func infer(_ inputs: OperatorInputs, subgraphOutputs: [[ValueFact]]) throws(OperatorError) -> [ValueFact] {
            [ValueFact(try inputs.required(0).type)]
        }

        func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
            let start = try context.required(0), state = try Tensor(copying: start)
            guard let body = try context.rounds(subgraph: 0, inputs: [start.spec]) else {
                record.write("none")
                return [.tensor(state)]
            }
            record.write("\(body.outputs[0])")
            for _ in 0..<count {
                try withUnsafePointer(to: UnsafeRawPointer(state.storage.baseAddress)) { input in
                    let results = try body.run(input)
                    state.storage.baseAddress.copyMemory(from: results[0], byteCount: state.spec.byteCount)
                }
            }
            return [.tensor(state)]
        }
    }

    private static func engine(_ count: Int, _ record: Record, _ outputs: [String], _ nodes: [SourceNode]) throws -> Engine {
        let catalog = OperatorCatalog(
            Fakes.spellings + [.onnx("Repeat") { _ throws(OperatorError) in Repeat(count: count, record: record) }])
        let body = Fakes.subgraph(formals: ["v"], outputs: outputs, nodes)
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector)], outputs: ["z"],
            [
                Fakes.node("Add", ["x", "x"], ["y"]), Fakes.node("Repeat", ["y"], ["r"], attributes: ["body": body]),
                Fakes.node("Add", ["r", "y"], ["z"]),
            ])
        return try Engine(source, catalog: catalog, passes: [])
    }

    @Test("each round meets what it is given and what is captured; values around it stay", arguments: [0, 1, 2, 7])
    func rounds(_ count: Int) throws {
        let record = Record()
        // v → 2v + y
        let engine = try Self.engine(
            count, record, ["s"], [Fakes.node("Add", ["v", "v"], ["t"]), Fakes.node("Add", ["t", "y"], ["s"])])
        for size in [1, 3, 3, 40_000] {
            let x = Tensor((0..<size).map { Float($0 % 5) }, shape: [size])
            let factor = Float((1 << (count + 1)) - 1)
            let expected = x.values(Float.self).map { 2 * $0 * factor + 2 * $0 }
            #expect(try engine.run([x])[0].values(Float.self) == expected)
        }
    }

    @Test("a body whose shapes depend on contents is not made ready")
    func dynamicBody() throws {
        let record = Record()
        let engine = try Self.engine(2, record, ["s"], [Fakes.node("Positives", ["v"], ["s"])])
        _ = try engine.run([Tensor([1, 2] as [Float], shape: [2])])
        #expect(record.written == ["none"])
    }

    @Test("the arena is as it was after the node")
    func memory() throws {
        let engine = try Self.engine(3, Record(), ["s"], [Fakes.node("Add", ["v", "y"], ["s"])])
        let workspace = Workspace(), x = Tensor([Float](repeating: 1, count: 100_000), shape: [100_000])
        func run() throws -> Int {
            try withExtendedLifetime(x) { try engine.run([.dense(x.view)], in: workspace) { _ in } }
            return workspace.byteCount
        }
        _ = try run()
        let settled = try run()
        #expect(try run() == settled && settled > 0)
    }
}
