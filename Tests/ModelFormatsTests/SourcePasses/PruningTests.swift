import GraphIR
import Tensors
import Testing

@testable import ModelFormats

@Suite("Pruning")
struct PruningTests {
    /// `p` is parsed to `x`, from which two heads are made; `q` and `w` stand beside.
    static let graph = SourceGraph.sketch(
        inputs: ["p", "q"], constants: ["w", "unused"],
        [
            SourceNode("Parse", ["p"], ["x", "rest"], name: "parse"),
            SourceNode("Mul", ["x", "w"], ["a"]),
            SourceNode("Add", ["a", "q"], ["b"]),
            SourceNode("Log", ["rest"], ["c"]),
            SourceNode("Assign", ["q"], [], name: "assign"),
            SourceNode("Read", [], ["r"], after: ["assign"]),
        ])

    private func prune(
        _ inputs: [String], _ outputs: [String], targets: [String] = [], of graph: SourceGraph = graph
    ) throws(ImportError) -> SourceGraph {
        try Pruning.prune(
            graph, inputs: inputs.map(SourceValue.init(float:)), outputs: outputs.map(SourceValue.init(float:)), targets: targets,
            place: "signature \"s\"", context: .sketch())
    }

    struct Kept: CustomTestStringConvertible {
        let testDescription: String
        var inputs: [String] = []
        var outputs: [String] = []
        var targets: [String] = []
        let nodes: [String]
        var constants: [String] = []
    }

    static let kept: [Kept] = [
        .init(
            testDescription: "from the graph's input", inputs: ["p"], outputs: ["a"],
            nodes: ["parse: x, rest = Parse(p)", "a: a = Mul(x, w)"], constants: ["w"]),
        .init(
            testDescription: "from a value in the middle", inputs: ["x"], outputs: ["a"], nodes: ["a: a = Mul(x, w)"],
            constants: ["w"]),
        .init(
            testDescription: "a node that makes one value that is fed and one that is read", inputs: ["p", "x"],
            outputs: ["a", "c"], nodes: ["parse: , rest = Parse(p)", "a: a = Mul(x, w)", "c: c = Log(rest)"], constants: ["w"]),
        .init(testDescription: "from a constant", inputs: ["w", "x"], outputs: ["a"], nodes: ["a: a = Mul(x, w)"]),
        .init(testDescription: "an input that is an output", inputs: ["x"], outputs: ["x"], nodes: []),
        .init(testDescription: "an output twice", inputs: ["q", "a"], outputs: ["b", "b"], nodes: ["b: b = Add(a, q)"]),
        .init(testDescription: "an input that no output needs", inputs: ["q", "p"], outputs: ["w"], nodes: [], constants: ["w"]),
        .init(
            testDescription: "what an output waits for", inputs: ["q"], outputs: ["r"],
            nodes: ["assign:  = Assign(q)", "r: r = Read() after assign"]),
        .init(testDescription: "a target", inputs: ["q"], targets: ["assign"], nodes: ["assign:  = Assign(q)"]),
    ]

    @Test("keeps what outputs and targets depend on, with exactly the inputs and outputs that are wanted", arguments: kept)
    func keeps(_ entry: Kept) throws {
        let graph = try prune(entry.inputs, entry.outputs, targets: entry.targets)
        #expect(graph.text == entry.nodes)
        #expect(graph.inputs.map(\.name) == entry.inputs)
        #expect(graph.outputs.map(\.name) == entry.outputs)
        #expect(graph.initializers.map(\.name) == entry.constants)
    }

    @Test("values that a subgraph reads from around it are needed")
    func captured() throws {
        let branch = SourceGraph.sketch(
            inputs: ["i"], outputs: ["o"],
            [SourceNode("If", ["i"], ["o"], [:]), SourceNode("If", ["i"], ["v"], ["g": .graph(.sketch(outputs: ["deep"], []))])])
        let graph = SourceGraph.sketch(
            inputs: ["p"], constants: ["w"],
            [
                SourceNode("Exp", ["p"], ["deep"]), SourceNode("Exp", ["w"], ["i"]),
                SourceNode("Loop", ["p"], ["y"], ["body": .graphs([branch])]),
            ])
        let kept = try prune(["p"], ["y"], of: graph)
        #expect(kept.nodes.map(\.name) == ["deep", "y"], "\"i\" is the subgraph's own")
        #expect(kept.initializers.isEmpty)
    }

    @Test("constants of two graphs are the same storage")
    func sharedConstants() throws {
        let first = try prune(["p"], ["a"]), second = try prune(["x"], ["a"])
        #expect(try #require(first.dense(0)).storage === #require(second.dense(0)).storage)
    }

    struct Refused: CustomTestStringConvertible {
        let testDescription: String
        let inputs: [String]
        let outputs: [String]
        var targets: [String] = []
        let words: String
    }

    static let refused: [Refused] = [
        .init(
            testDescription: "a graph input that is needed and not fed", inputs: ["p"], outputs: ["b"],
            words: "node \"b\" (Add) needs the model's input \"q\", which signature \"s\" does not feed"),
        .init(
            testDescription: "an output that is a graph input", inputs: [], outputs: ["q"],
            words: "output \"q\" of signature \"s\" needs the model's input \"q\""),
        .init(
            testDescription: "an output that nothing makes", inputs: [], outputs: ["z"],
            words: "output \"z\" of signature \"s\" reads \"z\", which no input, constant or node"),
        .init(
            testDescription: "an input that the graph lacks", inputs: ["z"], outputs: ["w"],
            words: "feeds the value \"z\", which the model does not have"),
        .init(testDescription: "an input twice", inputs: ["p", "p"], outputs: ["a"], words: "feeds the value \"p\" twice"),
        .init(
            testDescription: "a target that is no node", inputs: [], outputs: [], targets: ["q"], words: "waits for the node \"q\""),
    ]

    @Test("refuses what cannot be made, naming the value", arguments: refused)
    func refuses(_ entry: Refused) throws {
        let error = try #require(throws: ImportError.self) {
            try prune(entry.inputs, entry.outputs, targets: entry.targets)
        }
        #expect(error.description.contains(entry.words), "\(error)")
    }
}
