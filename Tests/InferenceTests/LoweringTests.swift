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
