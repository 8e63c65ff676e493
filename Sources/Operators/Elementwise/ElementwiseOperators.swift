package import GraphIR
import Tensors

/// Operators that compute each element of their result from the elements at the same place.
package enum ElementwiseOperators {
    package static let spellings: [OperatorSpelling] = arithmetic + logic + unary + others + TensorFlowElementwise.spellings

    private static let arithmetic: [OperatorSpelling] =
        Arithmetic.Function.allCases.map { function in
            .onnx(function.rawValue) { (node) throws(OperatorError) in
                Arithmetic(function: function, rule: try BroadcastRule(node))
            }
        }
        + Variadic.Function.allCases.map { function in .onnx(function.rawValue) { _ in Variadic(function: function) } }
        + [
            .onnx("Mod", since: 10, through: 27) { (node) throws(OperatorError) in
                Modulo(cutsTowardZero: try node.flag("fmod", default: false))
            },
            .onnx("Mod", since: 28) { (node) throws(OperatorError) in
                Modulo(cutsTowardZero: try node.flag("fmod", default: false), floorsFloats: true)
            },
            .onnx("Pow") { (node) throws(OperatorError) in Power(rule: try BroadcastRule(node)) },
        ]

    private static let logic: [OperatorSpelling] =
        Comparison.Function.allCases.map { function in
            let isLate = function == .lessOrEqual || function == .greaterOrEqual
            return .onnx(function.rawValue, since: isLate ? 12 : 1) { (node) throws(OperatorError) in
                Comparison(function: function, rule: try BroadcastRule(node))
            }
        }
        + Logical.Function.allCases.map { function in
            .onnx(function.rawValue) { (node) throws(OperatorError) in
                Logical(function: function, rule: try BroadcastRule(node))
            }
        }
        + ([.and, .or, .xor] as [Bitwise.Function]).map { function in
            .onnx(function.rawValue, since: 18) { _ in Bitwise(function: function) }
        }
        + [
            .onnx("Not") { _ in Not() },
            .onnx("BitwiseNot", since: 18) { _ in BitwiseNot() },
            .onnx("BitShift", since: 11, make: bitShift),
            .onnx("Where", since: 9) { _ in Where() },
        ]

    private static let unary: [OperatorSpelling] =
        ([.abs, .negate, .ceil, .floor, .squareRoot, .reciprocal, .math(.exp), .math(.log)] as [Unary.Function])
        .map { unary($0, since: 1) }
        + ([.sin, .cos, .tan, .asin, .acos, .atan] as [MathFunction]).map { unary(.math($0), since: 7) }
        + ([.sinh, .cosh, .asinh, .acosh, .atanh, .erf] as [MathFunction]).map { unary(.math($0), since: 9) }
        + [unary(.sign, since: 9), unary(.round, since: 11)]

    private static func unary(_ function: Unary.Function, since version: Int) -> OperatorSpelling {
        .onnx(Unary(function).name, since: version) { _ in Unary(function) }
    }

    private static let others: [OperatorSpelling] = [
        .onnx("IsNaN", since: 9) { _ in FloatPredicate(kind: .nan) },
        .onnx("IsInf", since: 10) { (node) throws(OperatorError) in
            let positive = try node.flag("detect_positive", default: true)
            return FloatPredicate(kind: .infinity(positive: positive, negative: try node.flag("detect_negative", default: true)))
        },
        .onnx("Cast") { (node) throws(OperatorError) in try Cast.make(node) },
        .onnx("BitCast", since: 26) { (node) throws(OperatorError) in
            guard let number = try node.integer("to") else { throw .invalidAttribute(name: "to", reason: "is missing") }
            let complex: [Int: ElementType] = [14: .complex64, 15: .complex128]
            guard let type = ElementType(onnxNumber: number) ?? complex[number] else {
                throw .unsupported("a bit cast to element type \(number)")
            }
            return Bitcast(target: type, keepsShape: true)
        },
        .onnx("CastLike", since: 15) { (node) throws(OperatorError) in CastLike(rounding: try NarrowType.Rounding(node)) },
        .onnx("Clip", through: 10) { (node) throws(OperatorError) in
            Clip(bounds: .attributes(low: try node.float("min"), high: try node.float("max")))
        },
        .onnx("Clip", since: 11) { _ in Clip(bounds: .inputs) },
        .onnx("Dropout", through: 6) { (node) throws(OperatorError) in
            guard try node.flag("is_test", default: false) else { throw Dropout.trains }
            return dropout(node)
        },
        .onnx("Dropout", since: 7) { (node) throws(OperatorError) in
            var op = dropout(node)
            if node.version >= 12 { op.seed = try node.integer("seed").map { UInt32(truncatingIfNeeded: $0) } }
            return op
        },
    ]

    private static func dropout(_ node: AttributeReader) -> Dropout {
        Dropout(hasMask: node.hasOutput(1), maskIsBool: node.version >= 10)
    }

    @Sendable private static func bitShift(_ node: AttributeReader) throws(OperatorError) -> any Operator {
        switch try node.string("direction", default: "") {
        case "LEFT": return Bitwise(function: .shiftLeft)
        case "RIGHT": return Bitwise(function: .shiftRight)
        case let other: throw .invalidAttribute(name: "direction", reason: "is \"\(other)\", expected \"LEFT\" or \"RIGHT\"")
        }
    }
}
