import CKernels
import GraphIR
import Tensors

/// Element-wise arithmetic on two operands with broadcasting.
///
/// - Types: every number, for TensorFlow also complex ones; both operands and the result are of one type. Integers wrap; an integer
///   division cuts towards zero and refuses a divisor 0.
/// - Source: ONNX Add, Sub, Mul, Div (opset 1–14; `axis` and `broadcast` before opset 7); TensorFlow Add, AddV2, Sub, Mul, Div,
///   RealDiv, TruncateDiv.
struct Arithmetic: Operator {
    enum Function: String, Sendable, CaseIterable {
        case add = "Add", subtract = "Sub", multiply = "Mul", divide = "Div"
    }

    let function: Function
    var rule = BroadcastRule.multidirectional
    var takesComplex = false

    var name: String { function.rawValue }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let types = takesComplex ? ElementTypes.numbers.union(ElementTypes.complex) : ElementTypes.numbers
        let first = try inputs.required(0, of: types)
        try inputs.checkSameType(1, as: 0)
        return [ValueFact(first.elementType, try rule.resultShape(first, try inputs.required(1)))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { rule.rows(inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let first = try context.input(0)
            let second = try rule.secondShape(try context.input(1).shape, first: first.shape)
            let walk = BroadcastWalk(result: context.outputs[0].shape, operands: [first.shape, second])
            let join = PairJoin(self.function)
            let body = try join.body(
                first.elementType, walk, divisorCount: second.elementCount, context.functions.elementwise)
            return CompiledOperator(LoopKernel(pair: body), inPlace: context.inPlace(0..<2))
        }
    }
}

/// A function of two numbers of one type: what `Arithmetic` applies once and `Variadic` folds with.
enum PairJoin: Sendable {
    case add, subtract, multiply, divide, minimum, maximum

    init(_ function: Arithmetic.Function) {
        self =
            switch function {
            case .add: .add
            case .subtract: .subtract
            case .multiply: .multiply
            case .divide: .divide
            }
    }

    /// The loop for `type` over `walk`.
    ///
    /// - Parameter divisorCount: elements of the second operand, which an integer division looks through first.
    func body(
        _ type: ElementType, _ walk: BroadcastWalk, divisorCount: Int, _ kernels: apus_elementwise_kernels
    ) throws(OperatorError) -> PairBody {
        switch type {
        case .float32: return walk.body(floatKernel(kernels))
        case .complex64: return try complexBody(walk, Float.self)
        case .complex128: return try complexBody(walk, Double.self)
        default: return try Maker(join: self, walk: walk, divisorCount: divisorCount).make(type, for: "arithmetic")
        }
    }

    private func complexBody<Part: ComplexPart>(_ walk: BroadcastWalk, _: Part.Type) throws(OperatorError) -> PairBody {
        switch self {
        case .add: { y, a, b in Loops.pair(walk, y, a, b) { (a: Complex<Part>, b: Complex<Part>) in a + b } }
        case .subtract: { y, a, b in Loops.pair(walk, y, a, b) { (a: Complex<Part>, b: Complex<Part>) in a - b } }
        case .multiply: { y, a, b in Loops.pair(walk, y, a, b) { (a: Complex<Part>, b: Complex<Part>) in a * b } }
        case .divide: { y, a, b in Loops.pair(walk, y, a, b) { (a: Complex<Part>, b: Complex<Part>) in a / b } }
        case .minimum, .maximum: throw .unsupported("an order of complex numbers")
        }
    }

    private func floatKernel(_ kernels: apus_elementwise_kernels) -> apus_pair_f32 {
        switch self {
        case .add: kernels.add_f32
        case .subtract: kernels.sub_f32
        case .multiply: kernels.mul_f32
        case .divide: kernels.div_f32
        case .minimum: kernels.min_f32
        case .maximum: kernels.max_f32
        }
    }

    private struct Maker: NumberMaker {
        let join: PairJoin
        let walk: BroadcastWalk
        let divisorCount: Int

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> PairBody {
            let walk = walk, divisorCount = divisorCount
            switch join {
            case .add: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a &+ b } }
            case .subtract: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a &- b } }
            case .multiply: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a &* b } }
            case .minimum: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in min(a, b) } }
            case .maximum: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in max(a, b) } }
            case .divide:
                return { (y, a, b) throws(OperatorError) in
                    try Divisors.check(b, divisorCount, Scalar.self)
                    Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a.dividedReportingOverflow(by: b).partialValue }
                }
            }
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> PairBody {
            let walk = walk
            switch join {
            case .add: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a + b } }
            case .subtract: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a - b } }
            case .multiply: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a * b } }
            case .divide: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a / b } }
            case .minimum: return { y, a, b in Loops.pair(walk, y, a, b, lesser as (Scalar, Scalar) -> Scalar) }
            case .maximum: return { y, a, b in Loops.pair(walk, y, a, b, greater as (Scalar, Scalar) -> Scalar) }
            }
        }
    }
}

/// The lesser one; NaN when either is.
@inline(__always) private func lesser<Scalar: FloatingScalar>(_ a: Scalar, _ b: Scalar) -> Scalar {
    a.isNaN || a < b ? a : b
}

/// The greater one; NaN when either is.
@inline(__always) private func greater<Scalar: FloatingScalar>(_ a: Scalar, _ b: Scalar) -> Scalar {
    a.isNaN || a > b ? a : b
}

/// Integer divisors, which the standard leaves undefined at 0.
enum Divisors {
    static func check<Scalar: FixedWidthInteger>(
        _ divisors: UnsafeRawPointer, _ count: Int, _: Scalar.Type
    ) throws(OperatorError) {
        let values = divisors.assumingMemoryBound(to: Scalar.self)
        for index in 0..<count where values[index] == 0 {
            throw .invalidValue("input 1 divides by 0 at element \(index); an integer divisor must not be 0")
        }
    }
}
