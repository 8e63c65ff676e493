import GraphIR
import Tensors

/// The gradient of an activation's argument, from that of its result and from one of the two.
///
/// - Types: floating point, both operands of one type; they broadcast.
/// - Source: TensorFlow operators of the functions' names: the gradient is input 0 of those that end an activation of a network and
///   input 1 of those of plain functions.
struct ActivationGradient: Operator {
    enum Function: Sendable {
        case relu, relu6, elu, selu, softplus, softsign
        case leakyRelu(alpha: Float)
        case sigmoid, tanh, squareRoot, reciprocalSquareRoot, reciprocal
    }

    let function: Function
    let name: String

    /// Whether the gradient of the result is input 1.
    private var gradientIsLast: Bool {
        switch function {
        case .sigmoid, .tanh, .squareRoot, .reciprocalSquareRoot, .reciprocal: true
        default: false
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let first = try inputs.required(0, of: ElementTypes.floatingPoint)
        try inputs.checkSameType(1, as: 0)
        return [ValueFact(first.elementType, try Broadcasting.resultShape(inputs, 0..<2))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.broadcast(0..<2) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let first = try context.input(0), second = try context.input(1)
            let walk = BroadcastWalk(result: context.outputs[0].shape, operands: [first.shape, second.shape])
            let body = first.elementType == .float64 ? body(walk, Double.self) : body(walk, Float.self)
            return CompiledOperator(LoopKernel(pair: body), inPlace: context.inPlace(0..<2))
        }
    }

    private func body<Scalar: FloatingScalar>(_ walk: BroadcastWalk, _: Scalar.Type) -> PairBody {
        let function = function, gradientIsLast = gradientIsLast
        return { y, a, b in
            Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in
                gradientIsLast ? b * Self.slope(of: function, a, b) : a * Self.slope(of: function, b, a)
            }
        }
    }

    /// The factor of `gradient`, from the activation's argument or result `x`.
    private static func slope<Scalar: FloatingScalar>(of function: Function, _ x: Scalar, _ gradient: Scalar) -> Scalar {
        switch function {
        case .relu: x > 0 ? 1 : 0
        case .relu6: x > 0 && x < 6 ? 1 : 0
        case .elu: x < 0 ? x + 1 : 1
        case .selu: x < 0 ? x + 1.7580993408473768599 : 1.0507009873554804934
        case .leakyRelu(let alpha): x > 0 ? 1 : Scalar(alpha)
        case .softplus: 1 / ((-x).applying(.exp) + 1)
        case .softsign: 1 / ((1 + x.magnitude) * (1 + x.magnitude))
        case .sigmoid: x * (1 - x)
        case .tanh: 1 - x * x
        case .squareRoot: 0.5 / x
        case .reciprocalSquareRoot: -0.5 * x * x * x
        case .reciprocal: -(x * x)
        }
    }

    static let spellings: [OperatorSpelling] =
        ([
            ("ReluGrad", .relu), ("Relu6Grad", .relu6), ("EluGrad", .elu), ("SeluGrad", .selu), ("SoftplusGrad", .softplus),
            ("SoftsignGrad", .softsign), ("SigmoidGrad", .sigmoid), ("TanhGrad", .tanh), ("SqrtGrad", .squareRoot),
            ("RsqrtGrad", .reciprocalSquareRoot), ("ReciprocalGrad", .reciprocal), ("InvGrad", .reciprocal),
        ] as [(String, Function)]).map { name, function in
            .tensorFlow(name) { _ in ActivationGradient(function: function, name: name) }
        }
        + [
            .tensorFlow("LeakyReluGrad") { (node) throws(OperatorError) in
                ActivationGradient(function: .leakyRelu(alpha: try node.float("alpha", default: 0.2)), name: "LeakyReluGrad")
            }
        ]
}
