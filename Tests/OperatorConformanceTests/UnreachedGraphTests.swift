import GraphIR
import Inference
import Operators
import Tensors
import Testing

/// Graphs inside nodes that do not fit what they are given: exporters and functions of ONNX leave the branches for other ranks and
/// other numbers of inputs in a model.
@Suite("graphs that do not fit")
struct UnreachedGraphTests {
    private static let flag = TensorType(.bool, SymbolicShape([]))
    private static let five = TensorType(.float32, SymbolicShape([.known(5)]))

    private static func node(
        _ name: String, _ inputs: [String], _ outputs: [String], _ attributes: [String: Attribute] = [:], dialect: Dialect = .onnx
    ) -> SourceNode {
        SourceNode(
            name: "the \(outputs[0])", operatorName: name, version: dialect == .onnx ? 20 : 0, inputs: inputs, outputs: outputs,
            attributes: attributes)
    }

    private static func graph(
        _ nodes: [SourceNode], inputs: [(String, TensorType?)] = [], outputs: [(String, TensorType?)], dialect: Dialect = .onnx
    ) -> SourceGraph {
        SourceGraph(
            name: "test", dialect: dialect, inputs: inputs.map { SourceValue(name: $0.0, type: $0.1) },
            outputs: outputs.map { SourceValue(name: $0.0, type: $0.1) }, nodes: nodes)
    }

    private static func engine(_ graph: SourceGraph, optimized: Bool) throws -> Engine {
        try Engine(graph, catalog: StandardOperators.catalog, passes: optimized ? StandardOperators.passes : [])
    }

    /// Five elements do not divide into four parts; nothing says what types the parts would have.
    private static let misfit = graph([node("Split", ["x"], ["t", "u", "v", "w"], ["num_outputs": .integer(4)])], outputs: [("t", nil)])
    private static let sound = graph([node("Neg", ["x"], ["e"])], outputs: [("e", nil)])

    private static func choice(_ then: SourceGraph, _ other: SourceGraph) -> SourceNode {
        node("If", ["c"], ["y"], ["then_branch": .graph(then), "else_branch": .graph(other)])
    }

    private static func choosing(_ then: SourceGraph, _ other: SourceGraph) -> SourceGraph {
        graph([choice(then, other)], inputs: [("c", flag), ("x", five)], outputs: [("y", nil)])
    }

    private static let ones = Tensor([1, 1, 1, 1, 1] as [Float], shape: [5])

    private func run(_ graph: SourceGraph, condition: Bool, optimized: Bool) throws -> [Float] {
        try Self.engine(graph, optimized: optimized).run([Tensor(scalar: condition), Self.ones])[0].values(Float.self)
    }

    /// Branches that are inside others.
    private static let nested = graph([choice(misfit, sound)], outputs: [("y", nil)])

    @Test("a branch that is not taken harms nothing, at any depth", arguments: [misfit, nested], [false, true])
    func unreached(_ branch: SourceGraph, optimized: Bool) throws {
        #expect(try run(Self.choosing(branch, Self.sound), condition: false, optimized: optimized) == [-1, -1, -1, -1, -1])
        #expect(try run(Self.choosing(Self.sound, branch), condition: true, optimized: optimized) == [-1, -1, -1, -1, -1])
    }

    @Test("a branch that is taken is refused with its node's name", arguments: [misfit, nested], [false, true])
    func reached(_ branch: SourceGraph, optimized: Bool) throws {
        let error = try #require(throws: EngineError.self) {
            try run(Self.choosing(branch, Self.sound), condition: true, optimized: optimized)
        }
        #expect("\(error)".contains("node \"the t\" (Split): input 0 has extent 5 along axis 0"), "\(error)")
        #expect(!error.isUnsupported)
    }

    @Test("a branch that shapes decide about is refused for the shapes that lead to it")
    func decidedByShape() throws {
        let rows = TensorType(.float32, SymbolicShape([.symbol("n"), .known(5)]))
        let branch = Self.graph([Self.node("Reshape", ["x", "s"], ["t"])], outputs: [("t", nil)])
        var source = Self.graph(
            [
                Self.node("Shape", ["x"], ["d"]), Self.node("Gather", ["d", "zero"], ["n"]), Self.node("Equal", ["n", "one"], ["c"]),
                Self.choice(Self.sound, branch),
            ], inputs: [("x", rows)], outputs: [("y", nil)])
        source.initializers = [
            ("zero", .dense(Tensor(scalar: Int64(0)))), ("one", .dense(Tensor(scalar: Int64(1)))),
            ("s", .dense(Tensor([Int64(-1), -1], shape: [2]))),
        ]
        let engine = try Self.engine(source, optimized: true)
        #expect(try engine.run([Tensor([1, 2, 3, 4, 5] as [Float], shape: [1, 5])])[0].values(Float.self) == [-1, -2, -3, -4, -5])
        let error = try #require(throws: EngineError.self) {
            try engine.run([Tensor([Float](repeating: 1, count: 10), shape: [2, 5])])
        }
        #expect("\(error)".contains("node \"the t\" (Reshape)"), "\(error)")
    }

    /// Runs a body that nothing fits, as no shape has two extents to be found.
    ///
    /// - Parameter part: what the body declares of the part that each round would give.
    private static func looping(_ part: TensorType?) -> SourceGraph {
        let body = graph(
            [node("Identity", ["k"], ["ko"]), node("Neg", ["w"], ["wo"]), node("Reshape", ["w", "s"], ["p"])],
            inputs: [("i", nil), ("k", nil), ("w", nil)], outputs: [("ko", nil), ("wo", nil), ("p", part)])
        var source = graph(
            [node("Loop", ["n", "", "x"], ["y", "parts"], ["body": .graph(body)])],
            inputs: [("n", TensorType(.int64, SymbolicShape([]))), ("x", five)], outputs: [("y", nil), ("parts", nil)])
        source.initializers = [("s", .dense(Tensor([Int64(-1), -1], shape: [2])))]
        return source
    }

    @Test("a loop that makes no round does not need a body that fits", arguments: [false, true])
    func loops(optimized: Bool) throws {
        let engine = try Self.engine(Self.looping(TensorType(.float32, SymbolicShape([.known(3)]))), optimized: optimized)
        let results = try engine.run([Tensor(scalar: Int64(0)), Self.ones])
        #expect(results[0].values(Float.self) == [1, 1, 1, 1, 1])
        #expect(results[1].shape == [0, 3])
        let error = try #require(throws: EngineError.self) { try engine.run([Tensor(scalar: Int64(1)), Self.ones]) }
        #expect("\(error)".contains("node \"the p\" (Reshape)"), "\(error)")
    }

    @Test("so it is with TensorFlow's loops and cases")
    func tensorFlow() throws {
        let condition = Self.graph(
            [Self.node("Identity", ["a"], ["r"], ["T": .type(.tensor(TensorType(.bool, nil)))], dialect: .tensorFlow)],
            inputs: [("a", nil), ("b", nil)], outputs: [("r", nil)], dialect: .tensorFlow)
        let body = Self.graph(
            [Self.node("MatMul", ["b", "b"], ["bo"], dialect: .tensorFlow)],
            inputs: [("a", nil), ("b", nil)], outputs: [("a", nil), ("bo", nil)], dialect: .tensorFlow)
        let source = Self.graph(
            [Self.node("While", ["c", "x"], ["y", "z"], ["cond": .graph(condition), "body": .graph(body)], dialect: .tensorFlow)],
            inputs: [("c", Self.flag), ("x", Self.five)], outputs: [("z", nil)], dialect: .tensorFlow)
        #expect(try run(source, condition: false, optimized: true) == [1, 1, 1, 1, 1])
        let error = try #require(throws: EngineError.self) { try run(source, condition: true, optimized: true) }
        #expect("\(error)".contains("node \"the bo\" (MatMul)"), "\(error)")
    }

    struct Refusal: CustomTestStringConvertible {
        let testDescription: String
        let graph: SourceGraph
        let words: String
    }

    static let refusals: [Refusal] = [
        Refusal(testDescription: "no branch fits", graph: choosing(misfit, misfit), words: "(Split)"),
        Refusal(testDescription: "nothing says what a loop's body gives", graph: looping(nil), words: "(Reshape)"),
        Refusal(
            testDescription: "a branch uses what Apus does not compute",
            graph: choosing(graph([node("STFT", ["c", "c"], ["t"])], outputs: [("t", nil)]), sound), words: "is not supported"),
        Refusal(
            testDescription: "a branch reads what nobody makes",
            graph: choosing(graph([node("Neg", ["q"], ["t"])], outputs: [("t", nil)]), sound), words: "\"q\" is made by no node"),
        Refusal(
            testDescription: "an operator in a branch is unknown",
            graph: choosing(graph([node("Frobnicate", ["x"], ["t"])], outputs: [("t", nil)]), sound), words: "Frobnicate"),
    ]

    @Test("what can never run, and what no run could mend, is refused when the model is loaded", arguments: refusals)
    func refuses(_ entry: Refusal) throws {
        let error = try #require(throws: EngineError.self) { try Self.engine(entry.graph, optimized: true) }
        #expect("\(error)".contains(entry.words), "\(error)")
    }

    @Test("a branch that a constant chooses always is refused when the model is loaded")
    func constantCondition() throws {
        var source = Self.graph([Self.choice(Self.misfit, Self.sound)], inputs: [("x", Self.five)], outputs: [("y", nil)])
        source.initializers = [("c", .dense(Tensor(scalar: true)))]
        let error = try #require(throws: EngineError.self) { try Self.engine(source, optimized: true) }
        #expect("\(error)".contains("node \"the t\" (Split)"), "\(error)")
        source.initializers = [("c", .dense(Tensor(scalar: false)))]
        #expect(try Self.engine(source, optimized: true).run([Self.ones])[0].values(Float.self) == [-1, -1, -1, -1, -1])
    }
}
