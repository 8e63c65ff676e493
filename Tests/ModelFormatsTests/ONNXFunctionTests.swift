import GraphIR
import ModelFormats
import ProtobufWire
import Testing

@Suite("Functions of an ONNX model")
struct ONNXFunctionTests {
    /// A graph that calls `local.F`, and functions.
    private func model(
        inputs: [String] = ["x"], outputs: [String] = ["y"], call: (inout WireWriter) -> Void = { _ in },
        functions: (inout WireWriter) -> Void
    ) -> WireWriter {
        var model = WireWriter.model(opsets: [("", 17), ("local", 1)]) { graph in
            graph.input("x")
            graph.node("F", inputs, outputs, name: "call", domain: "local", call)
            graph.output("y")
        }
        functions(&model)
        return model
    }

    private func nodes(_ model: WireWriter) throws -> [SourceNode] { try importGraph(model).nodes }

    @Test("names inside a body are its own at every call")
    func scoping() throws {
        var model = WireWriter.model(opsets: [("", 17), ("local", 1)]) { graph in
            graph.input("x")
            graph.node("F", ["x"], ["h"], domain: "local")
            graph.node("F", ["h"], ["y"], domain: "local")
            graph.output("y")
        }
        model.function("F", inputs: ["a"], outputs: ["b"], opsets: [("", 14)]) { function in
            function.node("Relu", ["a"], ["x"], field: 7)
            function.node("Exp", ["x"], ["b"], field: 7)
        }
        let nodes = try nodes(model)
        #expect(nodes.map(\.inputs) == [["x"], ["F#1/x"], ["h"], ["F#2/x"]])
        #expect(nodes.map(\.outputs) == [["F#1/x"], ["h"], ["F#2/x"], ["y"]])
        #expect(nodes.allSatisfy { $0.version == 14 }, "a body has its own operator sets")
    }

    @Test("attributes of the call reach the body, defaults stand in, what neither gives is left out")
    func attributes() throws {
        let slope: (inout WireWriter) -> Void = { $0.attribute("slope", kind: 1) { $0.float(2, 0.25) } }
        let model = model(call: slope) { model in
            model.function("F", inputs: ["a"], outputs: ["b"]) { function in
                function.string(6, "slope")
                function.string(6, "absent")
                function.attribute("axis", kind: 2, field: 11) { $0.integer(3, 3) }
                function.node("Custom", ["a"], ["b"], field: 7) { node in
                    node.attribute("alpha", kind: 1) { $0.string(21, "slope") }
                    node.attribute("dim", kind: 2) { $0.string(21, "axis") }
                    node.attribute("gone", kind: 2) { $0.string(21, "absent") }
                }
            }
        }
        let node = try #require(try nodes(model).first)
        #expect(Set(node.attributes.keys) == ["alpha", "dim"])
        guard case .float(0.25) = node.attributes["alpha"], case .integer(3) = node.attributes["dim"] else {
            Issue.record("\(node.attributes)")
            return
        }
    }

    @Test("inputs that a call leaves out are left out in the body, outputs too")
    func optionalInputs() throws {
        let model = model { model in
            model.function("F", inputs: ["a", "low", "high"], outputs: ["b", "c"]) { function in
                function.node("Custom", ["a", "low", "high"], ["b", "c"], field: 7)
            }
        }
        let node = try #require(try nodes(model).first)
        #expect(node.inputs == ["x", "", ""])
        #expect(node.outputs == ["y", "F#1/c"])
    }

    @Test("an output that is an input of the function is copied")
    func passThrough() throws {
        let model = model { model in
            model.function("F", inputs: ["a"], outputs: ["a"]) { _ in }
        }
        let nodes = try nodes(model)
        #expect(nodes.map(\.operatorName) == ["Identity"])
        #expect(nodes[0].inputs == ["x"])
        #expect(nodes[0].outputs == ["y"])
    }

    @Test("subgraphs in a body read the values of the call")
    func subgraphs() throws {
        let model = model { model in
            model.function("F", inputs: ["a"], outputs: ["b"]) { function in
                function.node("Relu", ["a"], ["mid"], field: 7)
                function.node("If", ["a"], ["b"], field: 7) { node in
                    for branch in ["then_branch", "else_branch"] {
                        node.graph(branch) {
                            $0.node("Add", ["a", "mid"], ["sum"])
                            $0.output("sum")
                        }
                    }
                }
            }
        }
        let node = try #require(try nodes(model).last)
        guard case .graph(let branch) = node.attributes["then_branch"] else {
            Issue.record("no branch")
            return
        }
        #expect(branch.nodes[0].inputs == ["x", "F#1/mid"])
        #expect(branch.outputs.map(\.name) == ["F#1/sum"])
    }

    @Test("functions call functions, and nodes are ordered across their borders")
    func nested() throws {
        var model = WireWriter.model(opsets: [("", 17), ("local", 1)]) { graph in
            graph.input("x")
            graph.node("Relu", ["h"], ["y"], name: "last")
            graph.node("F", ["x"], ["h"], name: "call", domain: "local")
            graph.output("y")
        }
        model.function("F", inputs: ["a"], outputs: ["b"], opsets: [("", 17), ("local", 1)]) {
            $0.node("G", ["a"], ["b"], domain: "local", field: 7)
        }
        model.function("G", inputs: ["a"], outputs: ["b"]) { $0.node("Exp", ["a"], ["b"], name: "exp", field: 7) }
        #expect(try nodes(model).map(\.name) == ["G#2/exp", "last"])
    }

    @Test("refuses a function that calls itself")
    func recursion() throws {
        let model = model { model in
            model.function("F", inputs: ["a"], outputs: ["b"], opsets: [("local", 1)]) {
                $0.node("G", ["a"], ["b"], domain: "local", field: 7)
            }
            model.function("G", inputs: ["a"], outputs: ["b"], opsets: [("local", 1)]) {
                $0.node("F", ["a"], ["b"], domain: "local", field: 7)
            }
        }
        let text = try #require(try refusal(of: model))
        #expect(text.contains("local.F → local.G → local.F"), "\(text)")
    }

    @Test("refuses a call with more inputs than the function has")
    func tooManyInputs() throws {
        let model = model(inputs: ["x", "x"]) { model in
            model.function("F", inputs: ["a"], outputs: ["b"]) { $0.node("Relu", ["a"], ["b"], field: 7) }
        }
        let text = try #require(try refusal(of: model))
        #expect(text.contains("passes 2 inputs and 1 outputs; the function has 1 and 1"), "\(text)")
    }

    @Test("refuses a function that is defined twice")
    func twice() throws {
        let model = model { model in
            for _ in 0..<2 { model.function("F", inputs: ["a"], outputs: ["b"]) { $0.node("Relu", ["a"], ["b"], field: 7) } }
        }
        let text = try #require(try refusal(of: model))
        #expect(text.contains("function \"local.F\" is defined twice"), "\(text)")
    }
}
