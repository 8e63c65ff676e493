import GraphIR
import Tensors
import Testing

@testable import Operators

/// A TensorFlow operator by name, run by itself over values of any kind.
struct TensorFlowOperator {
    let op: any Operator
    let resources: ResourceTable

    init(_ name: String, _ attributes: [String: Attribute] = [:], inputs: Int = 1, resources: ResourceTable = ResourceTable()) throws {
        let node = SourceNode(
            name: "node", operatorName: name, version: 0, inputs: (0..<inputs).map { "in\($0)" }, outputs: ["out0"],
            attributes: attributes)
        let spelling = try #require(StandardOperators.catalog.spelling(for: node, dialect: .tensorFlow), "\(name)")
        op = try spelling.make(AttributeReader(node))
        self.resources = resources
    }

    func run(_ inputs: [RuntimeValue], outputs: Int = 1) throws -> [RuntimeValue] {
        guard let dynamic = op as? any DynamicOperator else {
            let tensors = try inputs.map {
                try #require($0.tensorValue.flatMap { if case .dense(let tensor) = $0 { tensor } else { nil } })
            }
            return try evaluate(op, tensors, outputs: outputs).map(RuntimeValue.tensor)
        }
        return try withExtendedLifetime(inputs) {
            try dynamic.evaluate(
                EvaluationContext(inputs: inputs.map(ValueView.init), outputCount: outputs, resources: resources))
        }
    }
}

extension Attribute {
    static func type(_ type: ElementType) -> Attribute { .type(.tensor(TensorType(type, nil))) }
}

extension RuntimeValue {
    static func integers(_ values: [Int32]) -> RuntimeValue { .tensor(Tensor(values, shape: [values.count])) }
    static func integer(_ value: Int32) -> RuntimeValue { .tensor(Tensor(scalar: value)) }
    static func floats(_ values: [Float], _ shape: Shape? = nil) -> RuntimeValue { .tensor(Tensor(values, shape: shape ?? [values.count])) }

    /// The contents of a float32 tensor.
    var floats: [Float] { if case .tensor(let tensor) = self, tensor.elementType == .float32 { tensor.values() } else { [] } }
    var list: TensorList? { if case .list(let list) = self { list } else { nil } }
}
