import CKernels
import GraphIR
import Tensors

/// A function of each element by itself.
///
/// - Types: Abs, Sign and Square every number, Neg signed numbers, Round also integers (which it leaves as they are) where
///   `roundsIntegers` says so, the others floating point. Integers wrap.
/// - Numerics: Round goes to the nearest integer, ties to even; Sign of NaN is NaN.
/// - Source: ONNX operators of the functions' names, up to opset 22; TensorFlow's of the same names, Rint, Inv, Rsqrt, Square.
struct Unary: Operator {
    enum Function: Sendable, Hashable {
        case abs, negate, sign, ceil, floor, round, squareRoot, reciprocal, square, reciprocalSquareRoot
        case math(MathFunction)
    }

    let function: Function
    /// TensorFlow's Round, unlike ONNX's, takes integers.
    let roundsIntegers: Bool

    init(_ function: Function, roundsIntegers: Bool = false) {
        self.function = function
        self.roundsIntegers = roundsIntegers
    }

    var name: String {
        switch function {
        case .abs: "Abs"
        case .negate: "Neg"
        case .sign: "Sign"
        case .ceil: "Ceil"
        case .floor: "Floor"
        case .round: "Round"
        case .squareRoot: "Sqrt"
        case .reciprocal: "Reciprocal"
        case .square: "Square"
        case .reciprocalSquareRoot: "Rsqrt"
        case .math(let function): function.rawValue
        }
    }

    private var types: Set<ElementType> {
        switch function {
        case .abs, .sign, .square: ElementTypes.numbers
        case .round: roundsIntegers ? ElementTypes.numbers : ElementTypes.floatingPoint
        case .negate: ElementTypes.signedIntegers.union(ElementTypes.floatingPoint)
        default: ElementTypes.floatingPoint
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(try inputs.required(0, of: types).type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let output = context.outputs[0], count = output.shape.elementCount
            let inPlace = context.inPlace(0..<1)
            if output.elementType == .float32, let kernel = floatKernel(context.functions.elementwise) {
                return CompiledOperator(FloatMapKernel(function: kernel, count: count), inPlace: inPlace)
            }
            let body = try Maker(function: function, count: count).make(output.elementType, for: name)
            return CompiledOperator(LoopKernel(map: body), inPlace: inPlace)
        }
    }

    /// The vector kernel, for functions that have one.
    private func floatKernel(_ kernels: apus_elementwise_kernels) -> apus_map_f32? {
        switch function {
        case .abs: kernels.abs_f32
        case .negate: kernels.neg_f32
        case .ceil: kernels.ceil_f32
        case .floor: kernels.floor_f32
        case .round: kernels.round_f32
        case .squareRoot: kernels.sqrt_f32
        case .reciprocal: kernels.reciprocal_f32
        case .square: kernels.square_f32
        case .math(.exp): kernels.exp_f32
        case .math(.log): kernels.log_f32
        case .math(.erf): kernels.erf_f32
        case .math(.tanh): kernels.tanh_f32
        case .sign, .reciprocalSquareRoot, .math: nil
        }
    }

    private struct Maker: NumberMaker {
        let function: Function
        let count: Int

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) throws(OperatorError) -> MapBody {
            let count = count
            switch function {
            case .abs: return { y, x in Loops.map(y, x, count) { (x: Scalar) in x < 0 ? 0 &- x : x } }
            case .negate: return { y, x in Loops.map(y, x, count) { (x: Scalar) in 0 &- x } }
            case .sign: return { y, x in Loops.map(y, x, count) { (x: Scalar) in x.signum() } }
            case .square: return { y, x in Loops.map(y, x, count) { (x: Scalar) in x &* x } }
            case .round: return { y, x in Loops.map(y, x, count) { (x: Scalar) in x } }
            default: throw .unsupported("a real function of \(Scalar.elementType)")
            }
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> MapBody {
            let count = count
            switch function {
            case .abs: return { y, x in Loops.map(y, x, count) { (x: Scalar) in x.magnitude } }
            case .negate: return { y, x in Loops.map(y, x, count) { (x: Scalar) in -x } }
            case .sign: return { y, x in Loops.map(y, x, count) { (x: Scalar) in x > 0 ? 1 : x < 0 ? -1 : x } }
            case .ceil: return { y, x in Loops.map(y, x, count) { (x: Scalar) in x.rounded(.up) } }
            case .floor: return { y, x in Loops.map(y, x, count) { (x: Scalar) in x.rounded(.down) } }
            case .round: return { y, x in Loops.map(y, x, count) { (x: Scalar) in x.rounded(.toNearestOrEven) } }
            case .squareRoot: return { y, x in Loops.map(y, x, count) { (x: Scalar) in x.squareRoot() } }
            case .reciprocal: return { y, x in Loops.map(y, x, count) { (x: Scalar) in 1 / x } }
            case .square: return { y, x in Loops.map(y, x, count) { (x: Scalar) in x * x } }
            case .reciprocalSquareRoot: return { y, x in Loops.map(y, x, count) { (x: Scalar) in 1 / x.squareRoot() } }
            case .math(let function):
                return { y, x in Loops.map(y, x, count) { (x: Scalar) in x.applying(function) } }
            }
        }
    }
}

/// Output 0 from input 0 by a C kernel.
struct FloatMapKernel: Kernel {
    let function: apus_map_f32
    let count: Int

    func run(_ context: KernelContext) {
        function(context.output(0, as: Float.self), context.input(0, as: Float.self), count)
    }

    var parts: Int { PartSplit(elements: count).count }

    func run(part: Int, _ context: KernelContext) {
        let range = PartSplit(elements: count).elements(of: part, unit: PartSplit.unitElements, total: count)
        let y = context.output(0, as: Float.self) + range.lowerBound
        function(y, context.input(0, as: Float.self) + range.lowerBound, range.count)
    }
}

/// Output 0 from input 0 by a C kernel with constants.
struct ParametricMapKernel: Kernel {
    let function: apus_parametric_map_f32
    let count: Int
    let first: Float
    let second: Float

    func run(_ context: KernelContext) {
        function(context.output(0, as: Float.self), context.input(0, as: Float.self), count, first, second)
    }

    var parts: Int { PartSplit(elements: count).count }

    func run(part: Int, _ context: KernelContext) {
        let range = PartSplit(elements: count).elements(of: part, unit: PartSplit.unitElements, total: count)
        let y = context.output(0, as: Float.self) + range.lowerBound
        function(y, context.input(0, as: Float.self) + range.lowerBound, range.count, first, second)
    }
}
