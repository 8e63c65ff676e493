import ModelFormats
import ProtobufWire
import Testing

/// Models that break a rule, each with the words that its refusal must hold.
@Suite("ONNXImporter refusals")
struct ONNXRefusalTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let model: WireWriter
        let words: [String]

        init(_ name: String, _ words: String..., model: WireWriter) {
            (testDescription, self.model, self.words) = (name, model, words)
        }

        /// A sound graph of one input `x` and one output `y`, with what `graph` adds.
        init(_ name: String, _ words: String..., graph: (inout WireWriter) -> Void) {
            testDescription = name
            self.words = words
            model = .model { writer in
                writer.input("x")
                graph(&writer)
                writer.output("y")
            }
        }
    }

    static let structure: [Case] = [
        Case("empty file", "no graph", model: WireWriter()),
        Case("graph without outputs", "has no outputs", model: .model { $0.node("Relu", ["x"], ["y"]) }),
        Case("name made twice", "node \"b\" (Exp)", "makes \"y\"", "node \"a\" (Relu)") {
            $0.node("Relu", ["x"], ["y"], name: "a")
            $0.node("Exp", ["x"], ["y"], name: "b")
        },
        Case("node that makes an input", "makes \"x\"", "an input") {
            $0.node("Relu", ["x"], ["x"])
            $0.node("Relu", ["x"], ["y"])
        },
        Case("input listed twice", "input \"x\" of the graph is there twice") {
            $0.input("x")
            $0.node("Relu", ["x"], ["y"])
        },
        Case("output listed twice", "graph output \"y\" is there twice") {
            $0.node("Relu", ["x"], ["y"])
            $0.output("y")
        },
        Case("unknown input", "node \"a\" (Relu) reads \"nowhere\"") { $0.node("Relu", ["nowhere"], ["y"], name: "a") },
        Case("unknown input of a node in a branch", "node \"inner\" (Relu) reads \"nowhere\"") {
            $0.node("If", ["x"], ["y"], name: "outer") { node in
                node.graph("then_branch") {
                    $0.node("Relu", ["nowhere"], ["t"], name: "inner")
                    $0.output("t")
                }
            }
        },
        Case("output that nothing makes", "output \"y\" of the graph reads \"y\"") { $0.node("Relu", ["x"], ["z"]) },
        Case("value of a branch read outside", "reads \"t\"") {
            $0.node("If", ["x"], ["z"]) { node in
                node.graph("then_branch") {
                    $0.node("Relu", ["x"], ["t"])
                    $0.output("t")
                }
            }
            $0.node("Relu", ["t"], ["y"])
        },
        Case("cycle", "has a cycle", "\"a\"", "\"b\"", "\"c\"") {
            $0.node("Add", ["x", "r"], ["p"], name: "a")
            $0.node("Relu", ["p"], ["q"], name: "b")
            $0.node("Relu", ["q"], ["r"], name: "c")
            $0.node("Relu", ["x"], ["y"], name: "free")
        },
        Case("node that waits for itself", "has a cycle: \"a\" → \"a\"") { $0.node("Add", ["x", "y"], ["y"], name: "a") },
        Case("cycle through a captured value", "has a cycle") {
            $0.node("If", ["x"], ["y"], name: "if") { node in
                node.graph("then_branch") {
                    $0.node("Relu", ["y"], ["t"])
                    $0.output("t")
                }
            }
        },
        Case("node without an operator", "names no operator") { $0.node("", ["x"], ["y"], name: "a") },
        Case("node without outputs", "node \"a\" (Relu) has no outputs") { $0.node("Relu", ["x"], [], name: "a") },
        Case("domain that is not imported", "node \"a\" (Scaler)", "\"ai.onnx.ml\"", "imports ai.onnx 17") {
            $0.node("Scaler", ["x"], ["y"], name: "a", domain: "ai.onnx.ml")
        },
        Case(
            "no operator set at all", "\"ai.onnx\"", "imports none",
            model: .model(opsets: []) {
                $0.input("x")
                $0.node("Relu", ["x"], ["y"])
                $0.output("y")
            }),
        Case("initializer twice", "initializer \"w\" is there twice") {
            for _ in 0..<2 { $0.initializer("w", DataType.float, [1]) { $0.rawFloats([1]) } }
            $0.node("Relu", ["x"], ["y"])
        },
        Case("initializer without a name", "without a name") {
            $0.initializer("", DataType.float, [1]) { $0.rawFloats([1]) }
            $0.node("Relu", ["x"], ["y"])
        },
        Case("attribute twice", "node \"a\" (Elu) has the attribute \"alpha\" twice") {
            $0.node("Elu", ["x"], ["y"], name: "a") { node in
                for _ in 0..<2 { node.attribute("alpha", kind: 1) { $0.float(2, 1) } }
            }
        },
        Case("initializer of another type than the input that it is a default for", "graph input \"k\"", "is int64, expected float32") {
            $0.input("k", DataType.float, [.known(1)])
            $0.initializer("k", DataType.int64, [1]) { $0.packed(7, [1]) }
            $0.node("Add", ["x", "k"], ["y"])
        },
        Case("input with an initializer twice", "graph input \"k\" is there twice") {
            for _ in 0..<2 { $0.input("k", DataType.float, [.known(1)]) }
            $0.initializer("k", DataType.float, [1]) { $0.rawFloats([1]) }
            $0.node("Add", ["x", "k"], ["y"])
        },
        Case("attribute without value", "attribute \"alpha\" has no value") {
            $0.node("Elu", ["x"], ["y"]) { $0.attribute("alpha", kind: 0) }
        },
        Case("attribute of an unknown kind", "is of kind 99") {
            $0.node("Elu", ["x"], ["y"]) { $0.attribute("alpha", kind: 99) }
        },
        Case("attribute of kind tensor without one", "holds none") {
            $0.node("Constant", [], ["y"]) { $0.attribute("value", kind: 4) }
        },
        Case("reference outside of a function", "refers to the function attribute \"a\"") {
            $0.node("Elu", ["x"], ["y"]) { $0.attribute("alpha", kind: 1) { $0.string(21, "a") } }
        },
        Case("text that is not UTF-8", "field 3 is not UTF-8 text", "graph.node[0]") {
            $0.message(1) { node in node.delimited(3, [0xFF, 0xFE]) }
        },
    ]

    static let types: [Case] = [
        Case("input of an unknown element type", "is of type tensor(data type 77)") {
            $0.input("f", 77)
            $0.node("Relu", ["x"], ["y"])
        },
        Case("input without a type", "graph input \"f\" declares no element type") {
            $0.message(11) { $0.string(1, "f") }
            $0.node("Relu", ["x"], ["y"])
        },
        Case("segment as an initializer that is read", "initializer \"c\" is one segment of a tensor") {
            $0.initializer("c", DataType.float, [2]) { $0.segment([0, 0]) }
            $0.node("Add", ["x", "c"], ["y"])
        },
        Case("segment as an initializer that a branch reads", "initializer \"c\" is one segment of a tensor") {
            $0.initializer("c", DataType.float, [2]) { $0.segment([0, 0]) }
            $0.node("If", ["x"], ["y"]) { node in
                node.graph("then_branch") {
                    $0.node("Relu", ["c"], ["t"])
                    $0.output("t")
                }
            }
        },
        Case("sequence of a type that is unknown", "is of type sequence(tensor(data type 77))") { graph in
            graph.value(11, "s") { type in type.message(4) { $0.message(1) { $0.tensorType(77, nil) } } }
            graph.node("Relu", ["x"], ["y"])
        },
        Case("attribute of a sparse type", "attribute \"tp\" is the type sparse_tensor(float)") { graph in
            graph.node("OptionalEmpty", ["x"], ["y"]) { node in
                node.attribute("tp", kind: 13) { attribute in attribute.message(14) { $0.message(8) { $0.integer(1, DataType.float) } } }
            }
        },
    ]

    @Test("refuses a graph that breaks ONNX's rules, naming the place", arguments: structure)
    func refusesStructure(_ entry: Case) throws {
        let text = try #require(try refusal(of: entry.model), "was not refused")
        for word in entry.words { #expect(text.contains(word), "\(text)") }
    }

    @Test("refuses what this version does not compute with, as unsupported", arguments: types)
    func refusesTypes(_ entry: Case) throws {
        let text = try #require(try refusal(of: entry.model), "was not refused")
        for word in entry.words { #expect(text.contains(word), "\(text)") }
    }

    @Test("distinguishes unsupported from malformed")
    func kinds() throws {
        let unsupported = try #require(throws: ImportError.self) { try importModel(Self.types[0].model) }
        guard case .unsupported = unsupported else {
            Issue.record("\(unsupported)")
            return
        }
        let malformed = try #require(throws: ImportError.self) { try importModel(Self.structure[0].model) }
        guard case .malformed = malformed else {
            Issue.record("\(malformed)")
            return
        }
    }
}
