import GraphIR
import Tensors

/// The names that TensorFlow has for element-wise operators.
enum TensorFlowElementwise {
    static let spellings: [OperatorSpelling] = functions + arithmetic + pairs + comparisons + bits + others

    private static let functions: [OperatorSpelling] =
        ([
            .abs, .negate, .sign, .ceil, .floor, .squareRoot, .reciprocal, .square, .reciprocalSquareRoot, .math(.exp), .math(.expm1),
            .math(.log), .math(.log1p), .math(.sin), .math(.cos), .math(.tan), .math(.asin), .math(.acos), .math(.atan), .math(.sinh),
            .math(.cosh), .math(.asinh), .math(.acosh), .math(.atanh), .math(.erf), .math(.erfc), .math(.lgamma),
        ] as [Unary.Function]).map { function($0) }
        + [
            function(.reciprocal, named: "Inv"), function(.round, named: "Rint"),
            .tensorFlow("Round") { _ in Unary(.round, roundsIntegers: true) },
        ]

    private static func function(_ function: Unary.Function, named name: String? = nil) -> OperatorSpelling {
        let name = name ?? Unary(function).name
        return .tensorFlow(name) { (node) throws(OperatorError) in
            guard try node.isComplex, let complex = ComplexFunction(rawValue: name) else { return Unary(function) }
            return ComplexMap(function: complex)
        }
    }

    private static let arithmetic: [OperatorSpelling] =
        ([("Add", .add), ("AddV2", .add), ("Sub", .subtract), ("Mul", .multiply), ("RealDiv", .divide), ("Div", .divide)]
        as [(String, Arithmetic.Function)]).map { name, function in
            .tensorFlow(name) { (node) throws(OperatorError) in
                guard try node.elementType("T") != .string else {
                    guard function == .add else { throw .unsupported("\(name) of strings") }
                    return TextConcatenation()
                }
                return Arithmetic(function: function, takesComplex: true)
            }
        }
        + [
            .tensorFlow("TruncateDiv") { _ in Arithmetic(function: .divide, takesComplex: true) },
            .tensorFlow("Maximum") { _ in Variadic(function: .maximum) },
            .tensorFlow("Minimum") { _ in Variadic(function: .minimum) },
            .tensorFlow("AddN") { _ in Variadic(function: .sum, sumsEveryNumber: true) },
            .tensorFlow("AccumulateNV2") { _ in Variadic(function: .sum, sumsEveryNumber: true) },
            .tensorFlow("Mod") { _ in Modulo(cutsTowardZero: true) },
            .tensorFlow("TruncateMod") { _ in Modulo(cutsTowardZero: true) },
        ]

    private static let pairs: [OperatorSpelling] =
        PairFunction.Function.allCases.map { function in
            .tensorFlow(function.rawValue) { (node) throws(OperatorError) in
                guard try node.isComplex, let complex = ComplexPair.Function(rawValue: function.rawValue) else {
                    return PairFunction(function: function)
                }
                return ComplexPair(function: complex)
            }
        }
        + [
            .tensorFlow("Pow") { (node) throws(OperatorError) in
                guard try node.isComplex else { return Power(isStrict: true) }
                return ComplexPair(function: .power)
            }
        ]

    private static let comparisons: [OperatorSpelling] =
        ([("Less", .less), ("LessEqual", .lessOrEqual), ("Greater", .greater), ("GreaterEqual", .greaterOrEqual)]
        as [(String, Comparison.Function)]).map { name, function in .tensorFlow(name) { _ in Comparison(function: function) } }
        + [
            equality("Equal", isNegated: false), equality("NotEqual", isNegated: true),
            .tensorFlow("ApproximateEqual") { (node) throws(OperatorError) in
                ApproximateEquality(tolerance: try node.float("tolerance", default: 1e-5))
            },
            .tensorFlow("LogicalAnd") { _ in Logical(function: .and) },
            .tensorFlow("LogicalOr") { _ in Logical(function: .or) },
            .tensorFlow("LogicalNot") { _ in Not() },
            .tensorFlow("Select") { _ in Where(conditionLeads: true) },
            .tensorFlow("SelectV2") { _ in Where() },
            .tensorFlow("IsNan") { _ in FloatPredicate(kind: .nan) },
            .tensorFlow("IsFinite") { _ in FloatPredicate(kind: .finite) },
            .tensorFlow("IsInf") { _ in FloatPredicate(kind: .infinity(positive: true, negative: true)) },
        ]

    private static func equality(_ name: String, isNegated: Bool) -> OperatorSpelling {
        .tensorFlow(name) { (node) throws(OperatorError) in
            let refuses = try node.flag("incompatible_shape_error", default: true)
            guard try node.elementType("T") == .string else { return Equality(isNegated: isNegated, refusesShapes: refuses) }
            return TextEquality(isNegated: isNegated, refusesShapes: refuses)
        }
    }

    private static let bits: [OperatorSpelling] =
        ([.and, .or, .xor] as [Bitwise.Function]).map { function in .tensorFlow(function.rawValue) { _ in Bitwise(function: function) } }
        + [
            .tensorFlow("Invert") { _ in BitwiseNot() },
            .tensorFlow("LeftShift") { _ in Shift(isLeft: true) },
            .tensorFlow("RightShift") { _ in Shift(isLeft: false) },
            .tensorFlow("PopulationCount") { _ in PopulationCount() },
        ]

    private static let others: [OperatorSpelling] = [
        .tensorFlow("Cast") { (node) throws(OperatorError) in
            NumberCast(target: try node.requiredType("DstT"), truncates: try node.flag("Truncate", default: false))
        },
        .tensorFlow("Bitcast") { (node) throws(OperatorError) in Bitcast(target: try node.requiredType("type")) },
        .tensorFlow("ClipByValue") { _ in ClipByValue() },
        .tensorFlow("CheckNumerics") { (node) throws(OperatorError) in
            CheckNumerics(message: try node.string("message", default: ""))
        },
        .tensorFlow("CheckNumericsV2") { (node) throws(OperatorError) in
            CheckNumerics(message: try node.string("message", default: ""))
        },
        .tensorFlow("ZerosLike") { (node) throws(OperatorError) in
            guard try node.elementType("T") == .string else { return FillLike(isOne: false) }
            return EmptyTextLike()
        },
        .tensorFlow("OnesLike") { _ in FillLike(isOne: true) },
        .tensorFlow("BiasAdd") { (node) throws(OperatorError) in
            BiasAdd(layout: try node.choice("data_format"))
        },
        .tensorFlow("BiasAddGrad") { (node) throws(OperatorError) in BiasAddGrad(layout: try node.choice("data_format")) },
        .tensorFlow("BiasAddV1") { _ in BiasAdd(layout: .channelsLast) },
    ]
}

extension AttributeReader {
    /// Whether the attribute `T` is a complex type.
    var isComplex: Bool { get throws(OperatorError) { try elementType("T")?.isComplex ?? false } }

    /// TensorFlow's `data_format`, of images unless told otherwise.
    fileprivate func choice(_ name: String) throws(OperatorError) -> TensorLayout {
        let text = try string(name, default: "NHWC")
        guard let layout = TensorLayout(rawValue: text) else {
            throw .invalidAttribute(name: name, reason: "is \"\(text)\", expected \"NHWC\" or \"NCHW\"")
        }
        return layout
    }
}
