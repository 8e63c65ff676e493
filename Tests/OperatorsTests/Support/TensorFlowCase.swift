import GraphIR
import Operators
import Tensors
import Testing

/// An operator of TensorFlow as lowering would make it.
enum TensorFlowCase {
    static func make(_ name: String, inputs: Int, outputs: Int = 1, _ attributes: [String: Attribute] = [:]) throws -> any Operator {
        let node = SourceNode(
            name: "node", operatorName: name, version: 0, inputs: (0..<inputs).map { "in\($0)" },
            outputs: (0..<outputs).map { "out\($0)" }, attributes: attributes)
        let spelling = try #require(StandardOperators.catalog.spelling(for: node, dialect: .tensorFlow), "\(name)")
        return try spelling.make(AttributeReader(node))
    }

    /// The results for dense inputs.
    static func run(
        _ name: String, _ inputs: [Tensor], outputs: Int = 1, constants: Set<Int> = [], _ attributes: [String: Attribute] = [:]
    ) throws -> [Tensor] {
        try evaluate(make(name, inputs: inputs.count, outputs: outputs, attributes), inputs, outputs: outputs, constants: constants)
    }

    /// The results of a dynamic operator for any values.
    static func run(
        _ name: String, values: [RuntimeValue], _ attributes: [String: Attribute] = [:]
    ) throws -> [RuntimeValue] {
        let op = try #require(try make(name, inputs: values.count, attributes) as? any DynamicOperator)
        return try op.evaluate(EvaluationContext(inputs: values.map(ValueView.init), outputCount: 1))
    }

    static func type(_ type: ElementType) -> Attribute { .type(.tensor(TensorType(type, nil))) }

    static func strings(_ words: [String], _ shape: Shape) -> RuntimeValue {
        .strings(StringTensor(shape: shape, elements: words.map { Array($0.utf8) }))
    }
}
