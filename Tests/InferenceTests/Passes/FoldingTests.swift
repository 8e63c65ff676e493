import GraphIR
import Tensors
import Testing

@testable import Inference

@Suite struct FoldingTests {
    private static let x = Tensor([1, 2, 3] as [Float], shape: [3])
    private static let negative = Tensor([-1, 0, 0] as [Float], shape: [3])
    private static let failing = Fakes.node("Check", ["k"], ["z"])
    private static let message = "node \"Check_z\" (FakeCheck): first element is negative"

    private static func engine(_ source: SourceGraph, passes: [any GraphPass] = [DeadNodes()], state: ModelState = ModelState()) throws
        -> Engine
    {
        try Engine(source, catalog: Fakes.catalog, passes: passes, state: state)
    }

    @Test("a constant node that its operator refuses refuses the model, and names the node")
    func failsAtLoad() {
        let source = Fakes.graph(inputs: [], outputs: ["z"], initializers: [("k", Self.negative)], [Self.failing])
        let failure = #expect(throws: EngineError.self) { try Self.engine(source) }
        #expect("\(failure!)" == Self.message)
    }

    @Test("the same node in a branch fails when the branch is taken, and only then")
    func failsInBranch() throws {
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector), ("c", Fakes.flag)], outputs: ["y"], initializers: [("k", Self.negative)],
            [
                Fakes.node(
                    "If", ["c"], ["y"],
                    attributes: [
                        "then": Fakes.subgraph(outputs: ["z"], [Self.failing]),
                        "else": Fakes.subgraph(outputs: ["w"], [Fakes.node("Add", ["x", "x"], ["w"])]),
                    ])
            ])
        let engine = try Self.engine(source)
        #expect(try engine.run([Self.x, Tensor(scalar: false)])[0].values(Float.self) == [2, 4, 6])
        let failure = #expect(throws: EngineError.self) { try engine.run([Self.x, Tensor(scalar: true)]) }
        #expect("\(failure!)" == Self.message)
    }

    @Test("the same node in a loop that makes no round does no harm")
    func failsInLoop() throws {
        let body = Fakes.subgraph(formals: ["i", "v"], outputs: ["z"], [Self.failing])
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector), ("n", Fakes.count)], outputs: ["y"], initializers: [("k", Self.negative)],
            [Fakes.node("Loop", ["n", "x"], ["y"], attributes: ["body": body])])
        let engine = try Self.engine(source)
        #expect(try engine.run([Self.x, Tensor([0] as [Int64], shape: [1])])[0].values(Float.self) == [1, 2, 3])
        let failure = #expect(throws: EngineError.self) { try engine.run([Self.x, Tensor([1] as [Int64], shape: [1])]) }
        #expect("\(failure!)" == Self.message)
    }

    @Test("a branch that a constant takes is refused at load, one that it does not take is dropped", arguments: [true, false])
    func decided(condition: Bool) throws {
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector)], outputs: ["y"],
            initializers: [("k", Self.negative), ("c", Tensor(scalar: condition))],
            [
                Fakes.node(
                    "If", ["c"], ["y"],
                    attributes: [
                        "then": Fakes.subgraph(outputs: ["z"], [Self.failing]), "else": Fakes.subgraph(outputs: ["x"], []),
                    ])
            ])
        guard condition else {
            #expect(try Self.engine(source).run([Self.x])[0].values(Float.self) == [1, 2, 3])
            return
        }
        let failure = #expect(throws: EngineError.self) { try Self.engine(source) }
        #expect("\(failure!)" == Self.message)
    }

    private static let sum = Fakes.graph(
        inputs: [("x", Fakes.vector)], outputs: ["y"], initializers: [("k", x)],
        [Fakes.node("Add", ["k", "k"], ["s"]), Fakes.node("Add", ["s", "x"], ["y"])])

    @Test("a result over the limit is computed in each run instead")
    func overLimit() throws {
        for (limit, steps) in [(4, 2), (1 << 20, 1)] {
            var limits = EngineLimits()
            limits.maximumFoldedBytes = limit
            let engine = try Self.engine(Self.sum, state: ModelState(limits: limits))
            #expect(engine.graph.nodes.count == steps)
            #expect(try engine.run([Self.x])[0].values(Float.self) == [3, 6, 9])
        }
    }

    @Test("memory that the budget does not have is refused at load and named; what was taken is given back")
    func overBudget() throws {
        let ledger = CountingLedger(limit: 8)
        let failure = #expect(throws: EngineError.self) { try Self.engine(Self.sum, state: ModelState(ledger: ledger)) }
        #expect(failure?.memoryRefusal?.cause == .budget)
        #expect("\(failure!)".hasPrefix("node \"Add_s\" (FakeAdd): needs "), "\(failure!)")
        #expect(ledger.used == 0)
    }

    private struct Refusing: GraphPass {
        let name = "refusing"
        func run(on graph: inout Graph) throws(NodeError) -> Int {
            for node in graph.nodes where node.op is FakeAdd { throw NodeError(node, .unsupported("fusing")) }
            return 0
        }
    }

    @Test("what a pass refuses names the node, inside subgraphs too", arguments: [true, false])
    func namesNode(nested: Bool) {
        let add = Fakes.node("Add", ["x", "x"], ["z"])
        let branch = Fakes.subgraph(outputs: ["z"], [add])
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector), ("c", Fakes.flag)], outputs: ["z"],
            [nested ? Fakes.node("If", ["c"], ["z"], attributes: ["then": branch, "else": branch]) : add])
        let failure = #expect(throws: EngineError.self) { try Self.engine(source, passes: [Refusing()]) }
        #expect("\(failure!)" == "node \"Add_z\" (FakeAdd): fusing is not supported")
        #expect(failure?.isUnsupported == true)
    }
}
