import GraphIR
import Inference
import Tensors
import Testing

@Suite struct RowAnalysisTests {
    private static let matrix = TensorType(.float32, SymbolicShape([.symbol("n"), .symbol("m")]))
    private static let initializers: [(name: String, tensor: Tensor)] = [
        ("k", Tensor([1, 2, 3] as [Float], shape: [1, 3])), ("n", Tensor([2] as [Int64], shape: [1])),
        ("yes", Tensor(scalar: true)), ("flat", Tensor([6] as [Int64], shape: [1])),
    ]

    private static func verdict(_ nodes: [SourceNode], outputs: [String], _ shape: Shape) throws -> RowVerdict {
        let source = Fakes.graph(
            inputs: [("x", matrix), ("y", matrix)], outputs: outputs, initializers: initializers, nodes)
        let engine = try Engine(source, catalog: Fakes.rowCatalog, passes: [])
        let spec = TensorSpec(.float32, shape)
        let verdict = engine.rowVerdict(for: [spec, spec])
        #expect(engine.rowVerdict(for: [spec, spec]) == verdict, "a verdict that is known is the same")
        return verdict
    }

    struct Case: CustomTestStringConvertible {
        var name: String
        var nodes: [SourceNode]
        var outputs = ["z"]
        /// Part of the reason; nil for independent rows.
        var reason: String?
        var testDescription: String { name }
    }

    private static func branching(_ condition: String, _ name: String) -> SourceNode {
        Fakes.node(
            "If", [condition], ["z"],
            attributes: [
                "then": Fakes.subgraph(outputs: ["t"], [Fakes.node("Add", ["x", "y"], ["t"])]),
                "else": Fakes.subgraph(outputs: ["e"], [Fakes.node(name, ["x", "x"], ["e"])]),
            ])
    }

    private static func looping(_ nodes: [SourceNode], gives output: String, rounds: String = "n") -> SourceNode {
        Fakes.node("Loop", [rounds, "x"], ["z"], attributes: ["body": Fakes.subgraph(formals: ["i", "v"], outputs: [output], nodes)])
    }

    static let cases: [Case] = [
        Case(name: "an elementwise operator", nodes: [Fakes.node("Add", ["x", "y"], ["z"])]),
        Case(name: "an input that is an output", nodes: [], outputs: ["x"]),
        Case(
            name: "rows beside something else", nodes: [Fakes.node("Add", ["x", "k"], ["z"])],
            reason: "node \"Add_z\" (FakeAdd) adds rows to something else"),
        Case(
            name: "a reduction over rows", nodes: [Fakes.node("SumRows", ["x"], ["s"]), Fakes.node("Add", ["x", "s"], ["z"])],
            reason: "node \"SumRows_s\" (FakeSumRows) sums over rows"),
        Case(
            name: "an operator that says nothing", nodes: [Fakes.node("Check", ["x"], ["z"])],
            reason: "node \"Check_z\" (FakeCheck) is not known to keep the rows of a batch apart"),
        Case(
            name: "an operator that claims rows where its types have none", nodes: [Fakes.node("Liar", ["x"], ["z"])],
            reason: "node \"Liar_z\" (FakeLiar) gives a row another shape in a batch than alone"),
        Case(name: "an output without rows", nodes: [], outputs: ["x", "k"], reason: "output \"k\" carries no rows"),
        Case(
            name: "the shape of the rows as an output", nodes: [Fakes.node("Shape", ["x"], ["z"])],
            reason: "output \"z\" carries no rows"),
        Case(
            name: "a shape that is computed from the rows' shape",
            nodes: [Fakes.node("Shape", ["x"], ["s"]), Fakes.node("Add", ["x", "y"], ["a"]), Fakes.node("Reshape", ["a", "s"], ["z"])]),
        Case(
            name: "rows put into one", nodes: [Fakes.node("Reshape", ["x", "flat"], ["z"])],
            reason: "node \"Reshape_z\" (FakeReshape)"),
        Case(
            name: "the number of rows as data",
            nodes: [Fakes.node("Shape", ["x"], ["s"]), Fakes.node("AddNumber", ["x", "s"], ["z"])],
            reason: "node \"AddNumber_z\" (FakeAddNumber) reads the number of rows as data"),
        Case(
            name: "a number of rows that a branch inside captures",
            nodes: [
                Fakes.node("Shape", ["x"], ["s"]),
                Fakes.node(
                    "If", ["yes"], ["z"],
                    attributes: [
                        "then": Fakes.subgraph(outputs: ["t"], [Fakes.node("AddNumber", ["x", "s"], ["t"])]),
                        "else": Fakes.subgraph(outputs: ["x"], []),
                    ]),
            ], reason: "node \"If_z\" (FakeIf) has branches that mix rows"),
        Case(
            name: "contents of rows that decide shapes", nodes: [Fakes.node("Positives", ["x"], ["z"])],
            reason: "node \"Positives_z\" (FakePositives)"),
        Case(name: "branches that keep rows apart", nodes: [branching("yes", "Add")]),
        Case(
            name: "one branch that does not", nodes: [branching("yes", "SumRows")],
            reason: "node \"If_z\" (FakeIf)"),
        Case(
            name: "a condition that follows from rows", nodes: [Fakes.node("First", ["x"], ["c"]), branching("c", "Add")],
            reason: "node \"First_c\" (FakeFirst)"),
        Case(name: "a loop that keeps rows apart", nodes: [looping([Fakes.node("Add", ["v", "v"], ["w"])], gives: "w")]),
        Case(
            name: "a loop that captures rows", nodes: [looping([Fakes.node("Add", ["v", "y"], ["w"])], gives: "w")]),
        Case(
            name: "a loop whose body sums over rows",
            nodes: [
                looping([Fakes.node("SumRows", ["v"], ["s"]), Fakes.node("Add", ["v", "s"], ["w"])], gives: "w")
            ], reason: "node \"Loop_z\" (FakeLoop)"),
        Case(
            name: "a loop with as many rounds as rows",
            nodes: [
                Fakes.node("Shape", ["x"], ["s"]),
                looping([Fakes.node("Add", ["v", "v"], ["w"])], gives: "w", rounds: "s"),
            ], reason: "node \"Loop_z\" (FakeLoop)"),
        Case(
            name: "effects", nodes: [Fakes.node("Random", ["x"], ["z"])],
            reason: "node \"Random_z\" (FakeRandom) has effects beside its outputs"),
    ]

    @Test("derives whether rows are independent, and names the node where it ends", arguments: cases)
    func derives(_ example: Case) throws {
        let verdict = try Self.verdict(example.nodes, outputs: example.outputs, [2, 3])
        guard let reason = example.reason else {
            #expect(verdict == .independent)
            return
        }
        #expect(verdict != .independent)
        #expect(verdict.description.hasPrefix(reason), "\(verdict)")
    }

    @Test("a verdict holds for its types: other extents are derived anew")
    func otherShapes() throws {
        // [n, 3] is flattened to [6]: rows of another length have another verdict, or none.
        let nodes = [Fakes.node("Add", ["x", "y"], ["a"]), Fakes.node("Shape", ["a"], ["s"]), Fakes.node("Reshape", ["a", "s"], ["z"])]
        for shape in [[2, 3], [5, 1], [7, 0], [64, 3]] as [Shape] {
            #expect(try Self.verdict(nodes, outputs: ["z"], shape) == .independent)
        }
        #expect(try Self.verdict(nodes, outputs: ["z"], [0, 3]) == .alone("there are no rows"))
        #expect(try Self.verdict([Fakes.node("SumRows", ["x"], ["z"])], outputs: ["z"], [1, 3]) == .independent, "a row has no neighbours")
    }

    @Test("inputs that do not agree on a number of rows run alone")
    func disagreeing() throws {
        let source = Fakes.graph(inputs: [("x", Self.matrix), ("y", Self.matrix)], outputs: ["x"], [])
        let engine = try Engine(source, catalog: Fakes.rowCatalog, passes: [])
        let verdict = engine.rowVerdict(for: [TensorSpec(.float32, [2, 3]), TensorSpec(.float32, [3, 3])])
        #expect(verdict == .alone("the inputs do not agree on a number of rows"))
        let scalar = engine.rowVerdict(for: [TensorSpec(.float32, []), TensorSpec(.float32, [])])
        #expect(scalar != .independent)
        let none = try Engine(
            Fakes.graph(inputs: [], outputs: ["k"], initializers: Self.initializers, []), catalog: Fakes.rowCatalog, passes: [])
        #expect(none.rowVerdict(for: []) != .independent)
    }

    /// What the verdict promises, for every graph of the table that it calls independent.
    @Test("a row of a batch is computed as it would be alone", arguments: cases.filter { $0.reason == nil })
    func keepsPromise(_ example: Case) throws {
        let source = Fakes.graph(
            inputs: [("x", Self.matrix), ("y", Self.matrix)], outputs: example.outputs, initializers: Self.initializers, example.nodes)
        let engine = try Engine(source, catalog: Fakes.rowCatalog, passes: [])
        let x: [Float] = [1, -2, 3, 40, 50, -60], y: [Float] = [7, 8, 9, 10, 11, 12]
        let batch = try engine.run([Tensor(x, shape: [2, 3]), Tensor(y, shape: [2, 3])])[0].values(Float.self)
        for row in 0..<2 {
            let range = row * 3..<row * 3 + 3
            let alone = try engine.run([Tensor(Array(x[range]), shape: [1, 3]), Tensor(Array(y[range]), shape: [1, 3])])
            #expect(alone[0].values(Float.self) == Array(batch[range]))
        }
    }
}
