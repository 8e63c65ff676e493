import GraphIR
import Tensors

@testable import ModelFormats

/// A source graph in few words, for tests of passes.
extension SourceGraph {
    static func sketch(
        inputs: [String] = [], outputs: [String] = [], constants: [String] = [], _ nodes: [SourceNode], dialect: Dialect = .tensorFlow
    ) -> SourceGraph {
        SourceGraph(
            name: "sketch", dialect: dialect, inputs: inputs.map(SourceValue.init(float:)),
            outputs: outputs.map(SourceValue.init(float:)),
            initializers: constants.map { ($0, .dense(Tensor(scalar: Float(1)))) }, nodes: nodes)
    }

    /// `sum = Add(x, y) after first`, one line a node.
    var text: [String] {
        nodes.map { node in
            let controls = node.controls.isEmpty ? "" : " after \(node.controls.joined(separator: ", "))"
            let (inputs, outputs) = (node.inputs.joined(separator: ", "), node.outputs.joined(separator: ", "))
            return "\(node.name): \(outputs) = \(node.operatorName)(\(inputs))\(controls)"
        }
    }
}

extension SourceNode {
    /// A node whose name is that of its first output, unless it is given.
    init(
        _ operatorName: String, _ inputs: [String], _ outputs: [String], name: String? = nil, after controls: [String] = [],
        _ attributes: [String: Attribute] = [:]
    ) {
        self.init(
            name: name ?? outputs.first ?? "", operatorName: operatorName, version: 0, inputs: inputs, outputs: outputs,
            attributes: attributes, controls: controls)
    }
}

extension SourceValue {
    init(float name: String) { self.init(name: name, type: TensorType(.float32, nil)) }
}

extension ImportContext {
    static func sketch(_ limits: ImportLimits = .standard) -> ImportContext { ImportContext(path: "sketch", limits: limits) }
}
