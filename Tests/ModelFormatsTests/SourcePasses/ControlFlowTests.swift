import GraphIR
import Tensors
import Testing

@testable import ModelFormats

/// A node called `name` that gives `name:0`, and for a Switch `name:1`.
private func node(_ name: String, _ op: String, _ inputs: [String] = [], controls: [String] = [], frame: String? = nil) -> SourceNode {
    let outputs = op.hasSuffix("Switch") || op.hasSuffix("Merge") ? ["\(name):0", "\(name):1"] : ["\(name):0"]
    return SourceNode(
        name: name, operatorName: op, version: 0, inputs: inputs, outputs: outputs,
        attributes: frame.map { ["frame_name": .string($0)] } ?? [:], controls: controls)
}

@Suite("TensorFlow 1's control flow")
struct FunctionalizationTests {
    @Test("a condition becomes an If whose branches read from around it")
    func condition() throws {
        let nodes = try ControlFlowLifting.functionalize(nodes: [
            node("m", "Merge", ["no:0", "yes:0"]), node("yes", "Neg", ["s:1"]), node("no", "Abs", ["s:0"]),
            node("s", "Switch", ["x:0", "p:0"]), node("x", "Exp"), node("p", "Less"),
        ])
        let found = try #require(nodes.first { $0.operatorName == "If" })
        #expect(found.inputs == ["p:0"] && found.outputs == ["m:0"])
        #expect(!nodes.contains { ["Switch", "Merge", "Neg", "Abs"].contains($0.operatorName) })
        guard case .graph(let branch)? = found.attributes["then_branch"] else { throw UnexpectedGraph() }
        #expect(branch.nodes.map(\.operatorName) == ["Neg"] && branch.nodes[0].inputs == ["x:0"])
    }

    @Test("a frame becomes a While without its constants")
    func loop() throws {
        let nodes = try ControlFlowLifting.functionalize(nodes: [
            node("start", "A"), node("limit", "B"), node("enter", "Enter", ["start:0"], frame: "f"),
            node("bound", "Enter", ["limit:0"], frame: "f"), node("merge", "Merge", ["enter:0", "next:0"]),
            node("less", "Less", ["merge:0", "bound:0"]), node("cond", "LoopCond", ["less:0"]),
            node("switch", "Switch", ["merge:0", "cond:0"]), node("exit", "Exit", ["switch:0"]),
            node("body", "Double", ["switch:1"]), node("next", "NextIteration", ["body:0"]),
        ])
        let found = try #require(nodes.first { $0.operatorName == "While" })
        #expect(found.inputs == ["start:0"] && found.outputs == ["exit:0"])
        guard case .graph(let condition)? = found.attributes["cond"], case .graph(let body)? = found.attributes["body"] else {
            throw UnexpectedGraph()
        }
        #expect(condition.nodes.map(\.inputs) == [["merge:0", "limit:0"]])
        #expect(body.nodes.map(\.inputs) == [["merge:0"]] && body.outputs.map(\.name) == ["body:0"])
    }

    @Test("refuses what is neither a condition nor a loop")
    func refusals() {
        let cases: [[SourceNode]] = [
            [node("m", "Merge", ["a:0", "b:0"]), node("a", "A"), node("b", "B")],
            [node("out", "Neg", ["s:1"]), node("s", "Switch", ["x:0", "p:0"]), node("x", "X"), node("p", "P")],
            [node("e", "Enter", ["x:0"], frame: "f"), node("x", "X"), node("exit", "Exit", ["e:0"])],
            [node("a", "A", ["b:0"]), node("b", "B", ["a:0"]), node("s", "Switch", ["a:0", "b:0"])],
        ]
        for nodes in cases { #expect(throws: ImportError.self) { try ControlFlowLifting.functionalize(nodes: nodes) } }
    }

    private struct UnexpectedGraph: Error {}
}
