import GraphIR
import Tensors
import Testing

@testable import Inference

@Suite struct RegionTests {
    private static func engine(_ source: SourceGraph, optimised: Bool = false) throws -> Engine {
        try Engine(source, catalog: Fakes.randomCatalog, passes: optimised ? [DeadNodes()] : [])
    }

    static let x = Tensor([1, -2, 3, 4] as [Float], shape: [4])

    /// The reshaped value once lay in memory that had been freed, since nobody reads what it is a view of.
    @Test("a view of a dynamic result outlives the result")
    func viewOfResult() throws {
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector)], outputs: ["d"], initializers: [("s", Tensor([3, 1] as [Int64], shape: [2]))],
            [
                Fakes.node("Positives", ["x"], ["p"]), Fakes.node("Reshape", ["p", "s"], ["v"]),
                Fakes.node("Positives", ["p"], ["q"]), Fakes.node("Positives", ["q"], ["r"]), Fakes.node("Mix", ["v", "r"], ["d"]),
            ])
        let outputs = try Self.engine(source).run([Self.x])
        #expect(outputs[0].shape == [3, 1])
        #expect(outputs[0].values(Float.self) == [1.5, 4.5, 6])
    }

    /// A value behind two inlined branches was once looked for behind the outer one only, and the node became a dynamic step.
    @Test("branches inside branches that shapes decide leave no dynamic step")
    func nestedBranches() throws {
        let leaf = { (name: String) in Fakes.subgraph(outputs: ["z"], [Fakes.node(name, ["x", "x"], ["z"])]) }
        let inner = Fakes.subgraph(
            outputs: ["v"], [Fakes.node("If", ["c"], ["v"], attributes: ["then": leaf("Add"), "else": leaf("Mix")])])
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector)], outputs: ["w", "u"],
            [
                Fakes.node("Shape", ["x"], ["s"]), Fakes.node("IsEven", ["s"], ["c"]),
                Fakes.node("If", ["c"], ["u"], attributes: ["then": inner, "else": inner]), Fakes.node("Add", ["u", "u"], ["w"]),
            ])
        let engine = try Self.engine(source)
        #expect(try engine.run([Self.x])[0].values(Float.self) == [4, -8, 12, 16])
        let odd = Tensor([2] as [Float], shape: [1])
        #expect(try engine.run([odd]).map { $0.values(Float.self) } == [[6], [3]])
        #expect(engine.isStatic)
        #expect(engine.planCount == 2)
    }

    @Test("a node that needs contents without saying so becomes a dynamic step once, and stays one")
    func refines() throws {
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector)], outputs: ["y"],
            [
                Fakes.node("Add", ["x", "x"], ["a"]), Fakes.node("Count", ["a"], ["n"]), Fakes.node("LazyFill", ["n"], ["f"]),
                Fakes.node("Mix", ["a", "f"], ["y"]),
            ])
        let engine = try Self.engine(source)
        #expect(engine.isStatic, "nothing says otherwise yet")
        for _ in 0..<2 {
            #expect(try engine.run([Self.x])[0].values(Float.self) == [1, -1, 5, 4])
            #expect(!engine.isStatic)
            #expect(engine.program.stages.count == 3)
        }
    }

    @Test("many threads that find the same node at once agree")
    func refinesTogether() async throws {
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector)], outputs: ["y"],
            [
                Fakes.node("Count", ["x"], ["n"]), Fakes.node("LazyFill", ["n"], ["f"]), Fakes.node("Count", ["f"], ["m"]),
                Fakes.node("LazyFill", ["m"], ["g"]), Fakes.node("Mix", ["x", "g"], ["y"]),
            ])
        for _ in 0..<20 {
            let engine = try Self.engine(source)
            try await withThrowingTaskGroup(of: [Float].self) { group in
                for _ in 0..<8 { group.addTask { try engine.run([Self.x])[0].values() } }
                for try await values in group { #expect(values == [0.5, 0, 1.5, 3]) }
            }
            #expect(!engine.isStatic)
        }
    }

    @Test("a plan that shapes refuse is refused every time and leaves nothing")
    func refusedShapes() throws {
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector), ("s", TensorType(.int64, SymbolicShape([.unknown])))], outputs: ["y"],
            [Fakes.node("Reshape", ["x", "s"], ["y"])])
        let engine = try Self.engine(source)
        let shape = Tensor([-4] as [Int64], shape: [1])
        for _ in 0..<2 {
            let failure = #expect(throws: EngineError.self) { try engine.run([Self.x, shape]) }
            #expect("\(failure!)" == "node \"Reshape_y\" (FakeReshape): input 1 is no shape: [-4]")
        }
        #expect(engine.planCount == 0)
    }
}
