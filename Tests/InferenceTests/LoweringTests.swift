import GraphIR
import Inference
import Tensors
import Testing

@Suite struct LoweringTests {
    struct Refusal: CustomTestStringConvertible {
        var name: String
        var graph: SourceGraph
        var message: String
        var testDescription: String { name }
    }

    static let branch = Fakes.graph(inputs: [], outputs: ["y"], [Fakes.node("Add", ["x", "x"], ["y"])])

    @Test(
        "refuses what does not make a graph and names it",
        arguments: [
            Refusal(
                name: "an operator nobody knows",
                graph: Fakes.graph(inputs: [("x", Fakes.vector)], outputs: ["y"], [Fakes.node("Frobnicate", ["x"], ["y"])]),
                message: "node \"Frobnicate_y\": operator Frobnicate of domain ai.onnx, version 3, is not supported"),
            Refusal(
                name: "a version nobody knows",
                graph: Fakes.graph(inputs: [("x", Fakes.vector)], outputs: ["y"], [Fakes.node("Check", ["x"], ["y"], version: 9)]),
                message: "supported for versions 2 to 3, found version 9"),
            Refusal(
                name: "an input nobody makes",
                graph: Fakes.graph(inputs: [("x", Fakes.vector)], outputs: ["y"], [Fakes.node("Add", ["x", "z"], ["y"])]),
                message: "input \"z\" is made by no node before it"),
            Refusal(
                name: "a cycle",
                graph: Fakes.graph(
                    inputs: [("x", Fakes.vector)], outputs: ["y"],
                    [Fakes.node("Add", ["x", "b"], ["y"]), Fakes.node("Add", ["y", "x"], ["b"])]),
                message: "input \"b\" is made by no node before it"),
            Refusal(
                name: "a name made twice",
                graph: Fakes.graph(inputs: [("x", Fakes.vector)], outputs: ["x"], [Fakes.node("Add", ["x", "x"], ["x"])]),
                message: "value \"x\" is made twice"),
            Refusal(
                name: "an output nobody makes", graph: Fakes.graph(inputs: [("x", Fakes.vector)], outputs: ["q"], []),
                message: "output \"q\" is made by no node"),
            Refusal(
                name: "types that do not fit",
                graph: Fakes.graph(inputs: [("x", TensorType(.int32, nil))], outputs: ["y"], [Fakes.node("Add", ["x", "x"], ["y"])]),
                message: "node \"Add_y\" (Add): input 0 of type int32 is not supported; supported are float32"),
            Refusal(
                name: "a subgraph that is missing",
                graph: Fakes.graph(inputs: [("c", Fakes.flag)], outputs: ["y"], [Fakes.node("If", ["c"], ["y"])]),
                message: "attribute \"then\" is missing, expected a graph"),
        ])
    func refuses(_ refusal: Refusal) {
        do {
            _ = try Lowering.lower(refusal.graph, catalog: Fakes.catalog)
            Issue.record("was accepted")
        } catch {
            #expect("\(error)".contains(refusal.message), "\(error)")
        }
    }

    @Test("reports all that is not supported at once, and nothing that merely depends on it")
    func reportsAll() throws {
        let body = Fakes.graph(inputs: [], outputs: ["t"], [Fakes.node("Hidden", ["x"], ["t"])])
        let reader = Fakes.graph(inputs: [], outputs: ["s"], [Fakes.node("Add", ["b", "b"], ["s"])])
        let source = Fakes.graph(
            inputs: [("x", TensorType(.int32, nil)), ("c", Fakes.flag)], outputs: ["e"],
            [
                Fakes.node("Frobnicate", ["x"], ["a"]), Fakes.node("Frobnicate", ["x"], ["b"]), Fakes.node("Add", ["x", "x"], ["d"]),
                Fakes.node("Add", ["d", "d"], ["e"]), Fakes.node("Add", ["x", "c"], ["f"]),
                Fakes.node("If", ["c"], ["g"], attributes: ["then": .graph(body), "else": .graph(body)]),
                Fakes.node("If", ["c"], ["h"], attributes: ["then": .graph(reader), "else": .graph(reader)]),
            ])
        let failure = #expect(throws: EngineError.self) { try Lowering.lower(source, catalog: Fakes.catalog) }
        let message = try #require(failure).description
        #expect(failure?.isUnsupported == true)
        for part in [
            "node \"Frobnicate_a\" and 1 other: operator Frobnicate", "node \"Hidden_t\" and 1 other: operator Hidden",
            "node \"Add_d\" (Add): input 0 of type int32 is not supported", "node \"Add_f\" (Add)",
        ] { #expect(message.contains(part), "\(message)") }
        for part in ["Add_e", "Add_s", "If_g", "If_h"] { #expect(!message.contains(part), "\(message)") }
    }

    @Test("says what to do about operators of a domain where the catalogue knows")
    func advice() throws {
        let node = SourceNode(
            name: "odd", domain: "com.odd", operatorName: "Odd", version: 1, inputs: ["x"], outputs: ["y"], attributes: [:])
        let source = Fakes.graph(inputs: [("x", Fakes.vector)], outputs: ["y"], [node])
        let catalog = OperatorCatalog([], advice: ["com.odd": "save it evenly"])
        let failure = #expect(throws: EngineError.self) { try Lowering.lower(source, catalog: catalog) }
        #expect(failure?.description == "node \"odd\": operator Odd of domain com.odd, version 1, is not supported; save it evenly")
    }

    @Test("a subgraph captures values of every enclosing graph once")
    func captures() throws {
        let inner = Fakes.graph(inputs: [], outputs: ["z"], [Fakes.node("Add", ["x", "y"], ["t"]), Fakes.node("Add", ["t", "x"], ["z"])])
        let middle = Fakes.graph(
            inputs: [], outputs: ["z"], [Fakes.node("If", ["c"], ["z"], attributes: ["then": .graph(inner), "else": .graph(inner)])])
        let source = Fakes.graph(
            inputs: [("c", Fakes.flag), ("x", Fakes.vector), ("y", Fakes.vector)], outputs: ["r"],
            [Fakes.node("If", ["c"], ["r"], attributes: ["then": .graph(middle), "else": .graph(inner)])])
        let graph = try Lowering.lower(source, catalog: Fakes.catalog)
        let node = try #require(graph.nodes.first)
        #expect(node.captures.map { graph[$0].name }.sorted() == ["c", "x", "y"])
        #expect(node.subgraphs.map(\.captures.count) == [3, 2])
    }
}
