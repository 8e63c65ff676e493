import Foundation
import GraphIR
import ModelFormats
import ProtobufWire
import Tensors
import Testing

@Suite("ONNXImporter")
struct ONNXImporterTests {
    @Test("imports nodes, initializers, subgraphs and calls of functions")
    func sample() throws {
        let model = try importModel(sampleModel())
        let graph = try model.graph(for: model.signatures[0])
        #expect(model.format == "onnx")
        #expect(model.graph.nodes.map(\.operatorName) == ["MatMul", "Twice", "If"])
        #expect(model.functions.map(\.name.description) == ["local.Twice"])
        #expect(graph.name == "sample")
        #expect(graph.dialect == .onnx)
        #expect(graph.nodes.map(\.operatorName) == ["MatMul", "Add", "If"])
        #expect(graph.nodes.map(\.name) == ["mm", "Twice#1/add", "choice"])
        #expect(graph.nodes[1].inputs == ["h", "h"])
        #expect(graph.nodes[1].outputs == ["d"])
        #expect(graph.nodes.allSatisfy { $0.version == 17 && $0.domain == "" })
        #expect(graph.initializers.map(\.name) == ["w"])
        #expect(graph.dense(0)?.values(Float.self) == [1, 2, 3, 4])
        #expect(model.graph.initializers.map(\.name) == ["w", "k"])
        #expect(model.graph.dense(1)?.integers == [2, -1])
        guard case .graph(let branch) = graph.nodes[2].attributes["else_branch"] else {
            Issue.record("the branch is not a graph")
            return
        }
        #expect(branch.nodes.map(\.operatorName) == ["LeakyRelu"])
        #expect(branch.outputs.map(\.name) == ["e"])
        guard case .float(0.5) = branch.nodes[0].attributes["alpha"] else {
            Issue.record("the attribute is not 0.5")
            return
        }
    }

    @Test("makes one signature of the inputs without initializers and the outputs, in file order")
    func signature() throws {
        let model = try importModel(
            .model { graph in
                graph.input("b")
                graph.input("w")
                graph.input("a", DataType.int64, [])
                graph.initializer("w", DataType.float, [2]) { $0.rawFloats([1, 2]) }
                graph.node("Add", ["b", "w"], ["z"])
                graph.node("Identity", ["a"], ["y"])
                graph.output("z")
                graph.output("y", DataType.int64, [])
            })
        #expect(model.signatures.count == 1)
        let signature = try #require(model.signature(Signature.defaultName))
        #expect(signature.inputs.map(\.name) == ["b", "a"])
        #expect(signature.outputs.map(\.name) == ["z", "y"])
        #expect(signature.inputs.map(\.type.description) == ["float32[2]", "int64[]"])
        #expect(model.graph.inputs.map(\.name) == ["b", "a"])
    }

    /// A model whose input has an initializer of other extents than it declares to be known.
    private func modelWithDefault(ir: Int64) throws -> ImportedModel {
        try importModel(
            .model(ir: ir) { graph in
                graph.input("w", DataType.float, [.named("n")])
                graph.input("x")
                graph.initializer("w", DataType.float, [2]) { $0.rawFloats([1, 2]) }
                graph.initializer("c", DataType.float, [2]) { $0.rawFloats([1, 2]) }
                graph.node("Sum", ["x", "w", "c"], ["y"])
                graph.output("y")
            })
    }

    @Test("an input with an initializer may be replaced since version 4 of the IR", arguments: [3, 4, 8])
    func overridables(_ ir: Int64) throws {
        let signature = try #require(try modelWithDefault(ir: ir).signature(Signature.defaultName))
        #expect(signature.inputs.map(\.name) == ["x"])
        #expect(signature.overridables.map(\.name) == (ir < 4 ? [] : ["w"]))
        #expect(signature.overridables.map(\.type.description) == (ir < 4 ? [] : ["float32[n]"]))
    }

    @Test("a constant that a request replaces is an input of the graph, and no constant")
    func overriding() throws {
        let model = try modelWithDefault(ir: 8)
        let signature = model.signatures[0]
        #expect(try model.graph(for: signature).initializers.map(\.name) == ["w", "c"])
        let graph = try model.graph(for: signature.overriding)
        #expect(graph.inputs.map(\.name) == ["x", "w"])
        #expect(graph.initializers.map(\.name) == ["c"])
    }

    @Test("inputs and outputs have the types that the file declares, whatever they are")
    func parameterTypes() throws {
        let model = try importModel(
            .model { graph in
                graph.value(11, "s") { type in type.message(4) { $0.message(1) { $0.tensorType(DataType.float, nil) } } }
                graph.value(11, "o") { type in type.message(9) { $0.message(1) { $0.tensorType(DataType.int64, [.known(2)]) } } }
                graph.node("Identity", ["s"], ["y"])
                graph.node("ZipMap", ["o"], ["z"])
                graph.value(12, "y") { type in type.message(4) { $0.message(1) { $0.tensorType(DataType.float, nil) } } }
                graph.value(12, "z") { type in
                    type.message(4) { sequence in
                        sequence.message(1) { map in
                            map.message(5) {
                                $0.integer(1, DataType.int64)
                                $0.message(2) { $0.tensorType(DataType.float, nil) }
                            }
                        }
                    }
                }
            })
        let signature = model.signatures[0]
        #expect(signature.inputs.map(\.type.description) == ["sequence(float32[…])", "optional(int64[2])"])
        #expect(signature.outputs.map(\.type.description) == ["sequence(float32[…])", "sequence(map(int64, float32[…]))"])
        #expect(signature.inputs.allSatisfy { $0.tensor == nil })
    }

    struct Declared: CustomTestStringConvertible {
        let testDescription: String
        let extents: [WireWriter.Extent]?
        let type: String
    }

    static let declared: [Declared] = [
        .init(testDescription: "known", extents: [.known(3), .known(4)], type: "float32[3,4]"),
        .init(testDescription: "named", extents: [.named("batch"), .known(4)], type: "float32[batch,4]"),
        .init(testDescription: "negative", extents: [.known(-1), .known(4)], type: "float32[?,4]"),
        .init(testDescription: "zero", extents: [.known(0), .known(4)], type: "float32[?,4]"),
        .init(testDescription: "empty name", extents: [.named("")], type: "float32[?]"),
        .init(testDescription: "nothing said", extents: [.missing, .missing], type: "float32[?,?]"),
        .init(testDescription: "beyond any memory", extents: [.known(.max)], type: "float32[?]"),
        .init(testDescription: "scalar", extents: [], type: "float32[]"),
        .init(testDescription: "no shape", extents: nil, type: "float32[…]"),
    ]

    @Test("takes declared extents as far as they say something", arguments: declared)
    func declaredExtents(_ declared: Declared) throws {
        let model = try importModel(
            .model { graph in
                graph.input("x", DataType.float, declared.extents)
                graph.node("Relu", ["x"], ["y"])
                graph.output("y", DataType.float, nil)
            })
        #expect(model.signatures[0].inputs[0].type.description == declared.type)
    }

    @Test("takes operator versions by domain; ai.onnx is the default domain, the newest of a double import counts")
    func opsets() throws {
        let model = try importModel(
            .model(opsets: [("ai.onnx", 11), ("ai.onnx.ml", 3), ("ai.onnx.ml", 2), ("", 13)]) { graph in
                graph.input("x")
                graph.node("Relu", ["x"], ["a"], domain: "ai.onnx")
                graph.node("Scaler", ["a"], ["y"], domain: "ai.onnx.ml")
                graph.output("y")
            })
        #expect(model.graph.nodes.map(\.domain) == ["", "ai.onnx.ml"])
        #expect(model.graph.nodes.map(\.version) == [13, 3])
        #expect(model.metadata["opset_import"] == "ai.onnx 13, ai.onnx.ml 3")
    }

    @Test("a model of ai.onnx.ml alone needs no default operator set")
    func mlAlone() throws {
        let model = try importModel(
            .model(opsets: [("ai.onnx.ml", 1)]) { graph in
                graph.input("x")
                graph.node("Scaler", ["x"], ["y"], domain: "ai.onnx.ml")
                graph.output("y")
            })
        #expect(model.graph.nodes.map(\.version) == [1])
    }

    @Test("puts nodes in an order in which they can run, captured values included")
    func ordering() throws {
        let model = try importModel(
            .model { graph in
                graph.input("x", DataType.bool)
                graph.node("If", ["x"], ["y"], name: "if") { node in
                    for branch in ["then_branch", "else_branch"] {
                        node.graph(branch) {
                            $0.node("Identity", ["late"], [branch], name: branch)
                            $0.output(branch)
                        }
                    }
                }
                graph.node("Relu", ["early"], ["late"], name: "second")
                graph.node("Cast", ["x"], ["early"], name: "first") { $0.attribute("to", kind: 2) { $0.integer(3, 1) } }
                graph.output("y")
            })
        #expect(model.graph.nodes.map(\.name) == ["first", "second", "if"])
    }

    @Test("nodes without a name are called by their place in the file")
    func unnamed() throws {
        let model = try importModel(
            .model { graph in
                graph.input("x")
                graph.node("Relu", ["x"], ["a"])
                graph.node("Relu", ["a"], ["y"])
                graph.output("y")
            })
        #expect(model.graph.nodes.map(\.name) == ["#0", "#1"])
    }

    @Test("what cannot be held is no fault where nothing reads it")
    func unusedUnsupported() throws {
        let model = try importModel(
            .model { graph in
                graph.input("x")
                graph.initializer("c", DataType.float, [2]) { $0.segment([0, 0]) }
                graph.value(13, "hint", 77, [])
                graph.value(13, "h", DataType.float16, [.known(2)])
                graph.node("Relu", ["x"], ["y"])
                graph.output("y")
            })
        #expect(model.graph.initializers.isEmpty)
        #expect(model.graph.valueTypes.mapValues(\.description) == ["h": "float16[2]"])
    }

    @Test("an output may be an input or an initializer as it is")
    func passThrough() throws {
        let model = try importModel(
            .model { graph in
                graph.input("x")
                graph.initializer("w", DataType.float, [1]) { $0.rawFloats([7]) }
                graph.output("x")
                graph.output("w", DataType.float, [.known(1)])
            })
        #expect(model.graph.outputs.map(\.name) == ["x", "w"])
    }

    @Test("keeps what the file says of itself")
    func metadata() throws {
        var bytes = sampleModel()
        bytes.string(2, "tester")
        bytes.string(3, "1.2")
        bytes.integer(5, 4)
        bytes.message(14) {
            $0.string(1, "author")
            $0.string(2, "someone")
        }
        let metadata = try importModel(bytes).metadata
        #expect(metadata["producer_name"] == "tester")
        #expect(metadata["producer_version"] == "1.2")
        #expect(metadata["model_version"] == "4")
        #expect(metadata["ir_version"] == "8")
        #expect(metadata["author"] == "someone")
    }

    @Test("weights on their boundary stay in the file, others are copied")
    func zeroCopy() throws {
        var inPlace = 0
        for padding in 0..<4 {
            let model = try importModel(
                .model { graph in
                    graph.string(2, String(repeating: "n", count: 8 + padding))
                    graph.input("x")
                    graph.initializer("w", DataType.float, [2]) { $0.rawFloats([1.5, -2]) }
                    graph.node("Add", ["x", "w"], ["y"])
                    graph.output("y")
                })
            let tensor = try #require(model.graph.dense(0))
            #expect(tensor.values(Float.self) == [1.5, -2])
            inPlace += tensor.storage.file == nil ? 0 : 1
        }
        #expect(inPlace == 1, "one of four neighbouring positions is a multiple of four")
    }

    @Test("weights keep their values when the pages around them are given back, copied ones and ones that stay")
    func released() throws {
        // Large enough for pages to be given back; odd lengths between shift what follows off its boundary.
        let lengths = (0..<16).map { 20_000 + $0 * 1000 }
        let contents = lengths.enumerated().map { index, length in
            (0..<length * 4).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ index) }
        }
        let model = try importModel(
            .model { graph in
                graph.input("x")
                for (index, bytes) in contents.enumerated() {
                    graph.initializer("w\(index)", DataType.float, [Int64(lengths[index])]) { $0.delimited(9, bytes) }
                    graph.initializer("pad\(index)", DataType.uint8, [Int64(index % 4)]) {
                        $0.delimited(9, [UInt8](repeating: 1, count: index % 4))
                    }
                }
                graph.node("Custom", ["x"], ["y"])
                graph.output("y")
            })
        var copied = 0
        for (index, bytes) in contents.enumerated() {
            let tensor = try #require(model.graph.dense(2 * index))
            #expect(tensor.withBytes { $0.elementsEqual(bytes) }, "w\(index)")
            copied += tensor.storage.file == nil ? 1 : 0
        }
        #expect((1..<contents.count).contains(copied), "some are copied, some are not")
    }

    @Test("values inside a graph may be of any type")
    func valueTypes() throws {
        let model = try importModel(
            .model { graph in
                graph.input("x")
                graph.value(13, "list") { type in type.message(4) { $0.message(1) { $0.tensorType(DataType.string, []) } } }
                graph.value(13, "maybe") { type in
                    type.message(9) { optional in
                        optional.message(1) { map in
                            map.message(5) {
                                $0.integer(1, DataType.string)
                                $0.message(2) { $0.tensorType(DataType.float, nil) }
                            }
                        }
                    }
                }
                graph.node("If", ["x"], ["y"]) { node in
                    node.graph("then_branch") { branch in
                        branch.node("SequenceEmpty", [], ["s"])
                        branch.value(12, "s") { type in type.message(4) { $0.message(1) { $0.tensorType(DataType.float, nil) } } }
                    }
                }
                graph.output("y")
            })
        #expect(
            model.graph.valueTypes.mapValues(\.description) == ["list": "sequence(string[])", "maybe": "optional(map(string, float32[…]))"])
        guard case .graph(let branch) = model.graph.nodes[0].attributes["then_branch"] else {
            Issue.record("no branch")
            return
        }
        #expect(branch.outputs[0].type == .sequence(.tensor(TensorType(.float32, nil))))
    }

    @Test("a sequence whose elements are undefined has no type")
    func undefinedElements() throws {
        let text = try refusal(
            of: .model { graph in
                graph.value(11, "s") { type in type.message(4) { $0.message(1) { $0.tensorType(0, nil) } } }
                graph.node("Custom", ["s"], ["y"])
                graph.output("y")
            })
        #expect(text?.contains("graph input \"s\" declares no element type") == true)
    }

    @Test("nodes that no output needs are left out, whatever they are")
    func unreached() throws {
        var model = WireWriter.model(opsets: [("", 17), ("local", 1)]) { graph in
            graph.input("x")
            graph.node("Unknown", ["x"], ["z"])
            graph.node("Again", ["x"], ["w"], domain: "local")
            graph.node("Relu", ["x"], ["y"])
            graph.output("y")
        }
        model.function("Again", inputs: ["a"], outputs: ["b"], opsets: [("local", 1)]) {
            $0.node("Again", ["a"], ["b"], domain: "local", field: 7)
        }
        #expect(try importGraph(model).nodes.map(\.operatorName) == ["Relu"])
    }

    @Test("attributes of every kind keep their values")
    func attributes() throws {
        let model = try importModel(
            .model { graph in
                graph.input("x")
                graph.node("Custom", ["x"], ["y"]) { node in
                    node.attribute("f", kind: 1) { $0.float(2, 1.5) }
                    node.attribute("i", kind: 2) { $0.integer(3, -3) }
                    node.attribute("zero", kind: 2)
                    node.attribute("s", kind: 3) { $0.string(4, "text") }
                    node.attribute("t", kind: 4) { $0.message(5) { $0.tensor("", DataType.float, []) { $0.rawFloats([9]) } } }
                    node.attribute("fs", kind: 6) { $0.delimited(7, [0, 0, 0x80, 0x3F]) }
                    node.attribute("is", kind: 7) { $0.packed(8, [1, -2]) }
                    node.attribute("none", kind: 7)
                    node.attribute("ss", kind: 8) { $0.string(9, "a") }
                    node.attribute("ts", kind: 9) { $0.message(10) { $0.tensor("", DataType.int64, [1]) { $0.packed(7, [5]) } } }
                    node.attribute("tp", kind: 13) { $0.message(14) { $0.tensorType(DataType.int32, [.known(4)]) } }
                    node.attribute("words", kind: 4) { attribute in
                        attribute.message(5) { tensor in tensor.tensor("", DataType.string, [2]) { $0.strings(["a", ""]) } }
                    }
                    node.attribute("sequence", kind: 13) { attribute in
                        attribute.message(14) { type in type.message(4) { $0.message(1) { $0.tensorType(DataType.float, nil) } } }
                    }
                    node.attribute("untyped", kind: 0) { $0.packed(8, [4]) }
                    node.attribute("sparse", kind: 11) { attribute in
                        attribute.message(22) { sparse in
                            sparse.message(1) { $0.tensor("", DataType.float, [1]) { $0.rawFloats([6]) } }
                            sparse.message(2) { $0.tensor("", DataType.int64, [1]) { $0.packed(7, [1]) } }
                            sparse.packed(3, [3])
                        }
                    }
                }
                graph.output("y")
            })
        let attributes = model.graph.nodes[0].attributes.mapValues(describe)
        #expect(
            attributes == [
                "f": "1.5", "i": "-3", "zero": "0", "s": "text", "t": "float32[] [9.0]", "fs": "[1.0]", "is": "[1, -2]",
                "none": "[]",
                "ss": "[\"a\"]", "ts": "int64[1]", "tp": "int32[4]", "words": "[2] [[97], []]", "sequence": "sequence(float32[…])",
                "untyped": "[4]", "sparse": "float32[3] [0.0, 6.0, 0.0]",
            ])
    }

    private func describe(_ attribute: Attribute) -> String {
        switch attribute {
        case .integer(let value): "\(value)"
        case .float(let value): "\(value)"
        case .string(let value): value
        case .tensor(.dense(let tensor)): "\(tensor.spec) \(tensor.values(Float.self))"
        case .tensor(.strings(let tensor)): "\(tensor.shape) \(tensor.elements)"
        case .integers(let values): "\(values)"
        case .floats(let values): "\(values)"
        case .strings(let values): "\(values)"
        case .tensors(let tensors): tensors.map(\.spec.description).joined()
        case .type(let type): "\(type)"
        case .types(let types): "\(types)"
        case .shape, .shapes: attribute.kind
        case .graph, .graphs: "graph"
        case .function, .functions, .reference: attribute.kind
        }
    }
}
