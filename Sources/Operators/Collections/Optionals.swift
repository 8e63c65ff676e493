import GraphIR
import Tensors

/// Operators on ONNX's optionals: a tensor or a sequence, or none.
///
/// - Source: ONNX operators Optional (opset 15), OptionalHasElement and OptionalGetElement (opset 15, 18).
enum Optionals {
    static let spellings: [OperatorSpelling] = [
        .onnx("Optional", since: 15) { reader throws(OperatorError) in
            guard case .type(let type)? = reader.node.attributes["type"] else {
                guard !reader.has("type") else { throw .invalidAttribute(name: "type", reason: "is no type") }
                return make(of: nil)
            }
            return make(of: type)
        },
        .onnx("OptionalHasElement", since: 15, through: 17) { _ throws(OperatorError) in hasElement(takesAnything: false) },
        .onnx("OptionalHasElement", since: 18) { _ throws(OperatorError) in hasElement(takesAnything: true) },
        .onnx("OptionalGetElement", since: 15, through: 17) { _ throws(OperatorError) in element(takesAnything: false) },
        .onnx("OptionalGetElement", since: 18) { _ throws(OperatorError) in element(takesAnything: true) },
    ]

    /// value → an optional that holds it; without a value, an empty one of the type that the attribute states.
    private static func make(of type: ValueType?) -> ListOperator {
        ListOperator("Optional", inputs: 0...1) { inputs throws(OperatorError) in
            guard let given = inputs[0]?.valueType else {
                guard let type else { throw .invalidAttribute(name: "type", reason: "is missing, and so is the value") }
                return [ValueFact(.optional(try checked(type).nameless))]
            }
            if let type, ValueType.join(type.ignoringShape, given.ignoringShape) == nil {
                throw .invalidInput(index: 0, reason: "is \(given), attribute \"type\" is \(type)")
            }
            return [ValueFact(.optional(try checked(given).nameless))]
        } run: { context throws(OperatorError) in
            guard context.has(0) else { return [.optional(nil)] }
            return [.optional(try context.copy(try context.value(0)))]
        }
    }

    private static func checked(_ type: ValueType) throws(OperatorError) -> ValueType {
        switch type {
        case .tensor, .sequence: return type
        default: throw .unsupported("an optional of type \(type)")
        }
    }

    /// optional, or since opset 18 a tensor, a sequence or nothing → bool [], whether there is a value.
    private static func hasElement(takesAnything: Bool) -> ListOperator {
        ListOperator("OptionalHasElement", inputs: takesAnything ? 0...1 : 1...1) { inputs throws(OperatorError) in
            if inputs[0] != nil || !takesAnything { _ = try content(inputs, takesAnything: takesAnything) }
            return [ValueFact(.bool, Shape.scalar)]
        } run: { context throws(OperatorError) in
            var holds = context.has(0)
            if holds, case .object(.optional(let value)) = try context.value(0) { holds = value != nil }
            return [.tensor(Tensor(scalar: holds))]
        }
    }

    /// optional, or since opset 18 a tensor or a sequence → the value, which must be there.
    private static func element(takesAnything: Bool) -> ListOperator {
        ListOperator("OptionalGetElement", inputs: 1...1) { inputs throws(OperatorError) in
            [ValueFact(try content(inputs, takesAnything: takesAnything))]
        } run: { context throws(OperatorError) in
            guard case .object(.optional(let value)) = try context.value(0) else {
                return [try context.copy(try context.value(0))]
            }
            guard let value else { throw .invalidValue("reads an optional that holds no value") }
            return [value]
        }
    }

    /// The type of what input 0 holds.
    private static func content(_ inputs: OperatorInputs, takesAnything: Bool) throws(OperatorError) -> ValueType {
        let type = try inputs.required(0).valueType
        switch type {
        case .optional(let value): return value.nameless
        case .tensor where takesAnything, .sequence where takesAnything: return type
        default: throw .invalidInput(index: 0, reason: "is \(type), expected an optional")
        }
    }
}
