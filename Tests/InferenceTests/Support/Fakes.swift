import GraphIR
import Tensors

/// A catalog of operators made for tests, and short ways to write graphs of them.
enum Fakes {
    static let spellings: [OperatorSpelling] = [
        .onnx("Add") { _ throws(OperatorError) in FakeAdd() },
        .onnx("Shape") { _ throws(OperatorError) in FakeShape() },
        .onnx("Reshape") { _ throws(OperatorError) in FakeReshape() },
        .onnx("LazyReshape") { _ throws(OperatorError) in FakeReshape(declaresShapeOperand: false) },
        .onnx("Positives") { _ throws(OperatorError) in FakePositives() },
        .onnx("Check", since: 2, through: 3) { _ throws(OperatorError) in FakeCheck() },
        .onnx("If") { _ throws(OperatorError) in FakeIf() },
        .onnx("Loop") { _ throws(OperatorError) in FakeLoop() },
    ]

    static let catalog = OperatorCatalog(spellings)

    static func node(
        _ name: String, _ inputs: [String], _ outputs: [String], version: Int = 3, attributes: [String: Attribute] = [:]
    ) -> SourceNode {
        SourceNode(
            name: "\(name)_\(outputs.first ?? "")", operatorName: name, version: version, inputs: inputs, outputs: outputs,
            attributes: attributes)
    }

    static func graph(
        inputs: [(String, TensorType)], outputs: [String], initializers: [(name: String, tensor: Tensor)] = [], _ nodes: [SourceNode]
    ) -> SourceGraph {
        SourceGraph(
            name: "test", dialect: .onnx, inputs: inputs.map { SourceValue(name: $0.0, type: $0.1) },
            outputs: outputs.map { SourceValue(name: $0, type: nil as ValueType?) },
            initializers: initializers.map { ($0.name, .dense($0.tensor)) }, nodes: nodes)
    }

    /// A branch or a body, whose formal inputs have whatever type its node hands it.
    static func subgraph(
        formals: [String] = [], outputs: [String], initializers: [(name: String, tensor: Tensor)] = [], _ nodes: [SourceNode]
    ) -> Attribute {
        var graph = graph(inputs: [], outputs: outputs, initializers: initializers, nodes)
        graph.inputs = formals.map { SourceValue(name: $0, type: nil as ValueType?) }
        return .graph(graph)
    }

    static let vector = TensorType(.float32, SymbolicShape([.symbol("n")]))
    static let flag = TensorType(.bool, SymbolicShape([]))
    static let count = TensorType(.int64, SymbolicShape([.known(1)]))
}
