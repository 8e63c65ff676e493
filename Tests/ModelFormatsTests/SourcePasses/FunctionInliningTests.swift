import GraphIR
import Tensors
import Testing

@testable import ModelFormats

/// Functions as TensorFlow has them: with constants, control edges, and functions in attributes.
@Suite("FunctionInlining")
struct FunctionInliningTests {
    private func function(
        _ name: String, inputs: [String], outputs: [String], constants: [String] = [], controlOutputs: [String] = [],
        defaults: [String: Attribute] = [:], _ nodes: [SourceNode]
    ) -> SourceFunction {
        SourceFunction(
            name: FunctionName(name: name),
            body: .sketch(inputs: inputs, outputs: outputs, constants: constants, nodes), defaults: defaults,
            controlOutputs: controlOutputs)
    }

    private func inline(
        _ functions: [SourceFunction], in graph: SourceGraph, targets: [String] = [], limits: ImportLimits = .standard
    ) throws(ImportError) -> (graph: SourceGraph, targets: [String]) {
        try FunctionInlining.inline(
            Dictionary(uniqueKeysWithValues: functions.map { ($0.name, $0) }), in: graph, targets: targets, context: .sketch(limits))
    }

    @Test("a body's names and constants are its own at every call, the constants' storage is shared")
    func names() throws {
        let scale = function(
            "scale", inputs: ["a"], outputs: ["b"], constants: ["k"], [SourceNode("Mul", ["a", "k"], ["b"], name: "mul")])
        let graph = try inline(
            [scale],
            in: .sketch(
                inputs: ["x"], outputs: ["y"], constants: ["k"],
                [SourceNode("scale", ["x"], ["h"]), SourceNode("scale", ["h"], ["i"]), SourceNode("Add", ["i", "k"], ["y"])])
        ).graph
        #expect(
            graph.text == [
                "scale#1/mul: h = Mul(x, scale#1/k)", "scale#2/mul: i = Mul(h, scale#2/k)", "y: y = Add(i, k)",
            ])
        #expect(graph.initializers.map(\.name) == ["k", "scale#1/k", "scale#2/k"])
        #expect(try #require(graph.dense(1)).storage === #require(graph.dense(2)).storage)
    }

    @Test("names of a body never meet names of the caller")
    func collisions() throws {
        let f = function("f", inputs: ["a"], outputs: ["b"], [SourceNode("Exp", ["a"], ["x"]), SourceNode("Log", ["x"], ["b"])])
        let graph = try inline(
            [f], in: .sketch(inputs: ["x", "f#1/x"], outputs: ["y"], [SourceNode("f", ["f#1/x"], ["y"])])
        ).graph
        #expect(graph.text == ["f#2/x: f#2/x = Exp(f#1/x)", "f#2/b: y = Log(f#2/x)"])
    }

    @Test("what waits for a call waits for its control outputs; what the call waits for comes before its first nodes")
    func controls() throws {
        let f = function(
            "f", inputs: ["h"], outputs: ["v"], controlOutputs: ["assign"],
            [
                SourceNode("Exp", ["h"], ["e"]), SourceNode("Assign", ["e"], [], name: "assign"),
                SourceNode("Read", ["h"], ["v"], after: ["assign"]),
            ])
        let graph = try inline(
            [f],
            in: .sketch(
                inputs: ["h"], outputs: ["y", "z"],
                [
                    SourceNode("Print", [], [], name: "print"), SourceNode("f", ["h"], ["y"], name: "call", after: ["print"]),
                    SourceNode("Log", ["h"], ["z"], after: ["call"]),
                ])
        ).graph
        #expect(
            graph.text == [
                "print:  = Print()", "f#1/e: f#1/e = Exp(h) after print", "f#1/assign:  = Assign(f#1/e)",
                "f#1/v: f#1/v = Read(h) after f#1/assign", "f#1/#output0: y = Identity(f#1/v) after f#1/assign",
                "z: z = Log(h) after f#1/assign",
            ])
    }

    @Test("an effect of a call lasts as long as any of its outputs is read, through calls in between")
    func effectsAreKept() throws {
        let write = function(
            "write", inputs: ["h"], outputs: ["one"], constants: ["one"], controlOutputs: ["assign"],
            [SourceNode("Assign", ["h"], [], name: "assign")])
        let outer = function(
            "outer", inputs: ["h"], outputs: ["o"], controlOutputs: ["inner"], [SourceNode("write", ["h"], ["o"], name: "inner")])
        let inlined = try inline(
            [write, outer], in: .sketch(inputs: ["h"], outputs: ["y"], [SourceNode("outer", ["h"], ["y"], name: "call")]),
            targets: ["call"])
        #expect(inlined.targets == ["write#2/assign"])
        let pruned = try Pruning.prune(
            inlined.graph, inputs: inlined.graph.inputs, outputs: inlined.graph.outputs, place: "s", context: .sketch())
        #expect(pruned.nodes.map(\.operatorName) == ["Assign", "Identity", "Identity"])
    }

    @Test("what waits for a call without effects waits for what makes its outputs")
    func dataOutputs() throws {
        let f = function("f", inputs: ["a"], outputs: ["b", "a"], [SourceNode("Exp", ["a"], ["b"], name: "exp")])
        let graph = try inline(
            [f],
            in: .sketch(
                inputs: ["x"], outputs: ["z"],
                [SourceNode("f", ["x"], ["p", "q"], name: "call"), SourceNode("Log", ["x"], ["z"], after: ["call"])])
        ).graph
        #expect(graph.text.last == "z: z = Log(x) after f#1/exp, f#1/#output0")
    }

    @Test("functions in attributes become graphs that read nothing from around them, with the attributes that they are given")
    func functionAttributes() throws {
        let branch = function(
            "branch", inputs: ["x"], outputs: ["y"], constants: ["k"],
            [
                SourceNode("Mul", ["x", "k"], ["y"], ["T": .reference("type")]), SourceNode("Unknown", ["x"], ["dead"]),
            ])
        let graph = try inline(
            [branch],
            in: .sketch(
                inputs: ["x"], outputs: ["y"],
                [
                    SourceNode(
                        "If", ["x", "x"], ["y"],
                        [
                            "then": .function(FunctionReference(name: "branch", attributes: ["type": .string("float")])),
                            "branches": .functions([FunctionReference(name: "branch")]),
                        ])
                ])
        ).graph
        let node = try #require(graph.nodes.first)
        guard case .graph(let then) = node.attributes["then"], case .graphs(let list) = node.attributes["branches"] else {
            Issue.record("\(node.attributes)")
            return
        }
        #expect(then.capturedNames.isEmpty)
        #expect(then.nodes.map(\.operatorName) == ["Mul"], "what the outputs do not need is left out")
        #expect(then.nodes[0].attributes["T"]?.kind == "string")
        #expect(then.initializers.count == 1)
        #expect(list.count == 1)
        #expect(list[0].nodes[0].attributes.isEmpty)
    }

    @Test("an attribute that the call leaves out takes the default of the function inside, not of the one around")
    func defaults() throws {
        let inner = function(
            "inner", inputs: ["a"], outputs: ["b"], defaults: ["alpha": .integer(3)],
            [SourceNode("Custom", ["a"], ["b"], ["axis": .reference("alpha")])])
        let outer = function(
            "outer", inputs: ["a"], outputs: ["b"], [SourceNode("inner", ["a"], ["b"], ["alpha": .reference("missing")])])
        let graph = try inline(
            [inner, outer], in: .sketch(inputs: ["x"], outputs: ["y"], [SourceNode("outer", ["x"], ["y"])])
        ).graph
        guard case .integer(3) = graph.nodes[0].attributes["axis"] else {
            Issue.record("\(graph.nodes[0].attributes)")
            return
        }
    }

    @Test("a subgraph's own names hide those of the function around it")
    func hiddenNames() throws {
        let body = SourceGraph.sketch(inputs: ["a"], outputs: ["o"], [SourceNode("Add", ["a", "b"], ["o"])])
        let f = function("f", inputs: ["a", "b"], outputs: ["c"], [SourceNode("Loop", ["a"], ["c"], ["body": .graph(body)])])
        let graph = try inline(
            [f], in: .sketch(inputs: ["x"], outputs: ["y"], [SourceNode("f", ["x", "x"], ["y"])])
        ).graph
        guard case .graph(let inlined) = graph.nodes[0].attributes["body"] else {
            Issue.record("no body")
            return
        }
        #expect(inlined.inputs.map(\.name) == ["f#1/a"])
        #expect(inlined.text == ["f#1/o: f#1/o = Add(f#1/a, x)"])
    }

    struct Refused: CustomTestStringConvertible {
        let testDescription: String
        let nodes: [SourceNode]
        let words: [String]
    }

    static let refused: [Refused] = [
        .init(
            testDescription: "recursion through an attribute",
            nodes: [SourceNode("If", ["x"], ["y"], ["then": .function(FunctionReference(name: "again"))])],
            words: ["again → again", "calls itself"]),
        .init(
            testDescription: "a function that is not there",
            nodes: [SourceNode("If", ["x"], ["y"], ["then": .function(FunctionReference(name: "nowhere"))])],
            words: ["node \"y\" (If), attribute \"then\" names the function \"nowhere\""]),
        .init(
            testDescription: "more outputs than the function has", nodes: [SourceNode("again", ["x"], ["y", "z"])],
            words: ["passes 1 inputs and 2 outputs; the function has 1 and 1"]),
        .init(
            testDescription: "an output that is an input which the call leaves out",
            nodes: [SourceNode("pass", [], ["y"])], words: ["an input the call leaves out"]),
    ]

    @Test("refuses calls that cannot be replaced", arguments: refused)
    func refuses(_ entry: Refused) throws {
        let again = function(
            "again", inputs: ["a"], outputs: ["b"],
            [SourceNode("If", ["a"], ["b"], ["then": .function(FunctionReference(name: "again"))])])
        let pass = function("pass", inputs: ["a"], outputs: ["a"], [])
        let error = try #require(throws: ImportError.self) {
            try inline([again, pass], in: .sketch(inputs: ["x"], outputs: ["y"], entry.nodes))
        }
        for word in entry.words { #expect(error.description.contains(word), "\(error)") }
    }

    @Test("graphs that a call hands over count for every reference to them")
    func graphsMultiply() throws {
        let handed = SourceGraph.sketch(outputs: ["n9"], (0..<10).map { SourceNode("Exp", ["x"], ["n\($0)"]) })
        let f = function(
            "f", inputs: ["a"], outputs: ["b9"], (0..<10).map { SourceNode("If", ["a"], ["b\($0)"], ["g": .reference("g")]) })
        let graph = SourceGraph.sketch(inputs: ["x"], outputs: ["y"], [SourceNode("f", ["x"], ["y"], ["g": .graph(handed)])])
        var limits = ImportLimits()
        // The call, the graph as it is handed over, ten nodes with a graph of ten each.
        limits.nodeCount = 1 + 10 + 10 + 100
        _ = try inline([f], in: graph, limits: limits)
        limits.nodeCount -= 1
        #expect(throws: ImportError.self) { try inline([f], in: graph, limits: limits) }
        limits = ImportLimits()
        limits.subgraphDepth = 0
        #expect(throws: ImportError.self) { try inline([f], in: graph, limits: limits) }
    }
}
