import CKernels
import GraphIR
import Tensors

/// Raises elements to powers with broadcasting; the exponents may be of another type.
///
/// - Types: bases int32, int64 or floating point, exponents any number; the result has the base's type. TensorFlow's operands
///   are of one type, every signed number.
/// - Numerics: an integer to an integer power is exact and wraps; to a negative power it is cut towards zero, and 0 to a
///   negative power is refused; TensorFlow refuses every negative power of an integer. An integer to a real power is computed
///   in float64 and cut towards zero.
/// - Source: ONNX Pow (opset 1–15; `axis` and `broadcast` before opset 7), TensorFlow Pow.
struct Power: Operator {
    var rule = BroadcastRule.multidirectional
    /// TensorFlow's rules: operands of one type, no negative power of an integer.
    var isStrict = false

    var name: String { "Pow" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let integers: Set<ElementType> = isStrict ? ElementTypes.signedIntegers : [.int32, .int64]
        let base = try inputs.required(0, of: ElementTypes.floatingPoint.union(integers))
        let exponent = try inputs.required(1, of: ElementTypes.numbers)
        if isStrict { try inputs.checkSameType(1, as: 0) }
        return [ValueFact(base.elementType, try rule.resultShape(base, exponent))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { rule.rows(inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            if let kernel = try compileSmallPower(context) { return kernel }
            return try compileGeneral(context)
        }
    }

    /// A constant exponent that a few multiplications serve.
    private func compileSmallPower(_ context: CompileContext) throws(OperatorError) -> CompiledOperator? {
        let base = try context.input(0)
        guard base.elementType == .float32, base.shape == context.outputs[0].shape,
            let exponent = context.constant(1), exponent.elementCount == 1
        else { return nil }
        let power: Double? =
            switch exponent.elementType {
            case .float32: Double(exponent.values(Float.self)[0])
            case .float64: exponent.values(Double.self)[0]
            default: exponent.integers.map { Double($0[0]) }
            }
        let kernels = context.functions.elementwise
        let count = base.shape.elementCount
        switch power {
        case 2:
            return CompiledOperator(FloatMapKernel(function: kernels.square_f32, count: count), inPlace: context.inPlace(0..<1))
        case -1:
            return CompiledOperator(
                FloatMapKernel(function: kernels.reciprocal_f32, count: count), inPlace: context.inPlace(0..<1))
        default: return nil
        }
    }

    /// The exponents are first converted, in scratch memory, to the type that they are computed in.
    private func compileGeneral(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let base = try context.input(0), exponent = try context.input(1)
        let shape = try rule.secondShape(exponent.shape, first: base.shape)
        let walk = BroadcastWalk(result: context.outputs[0].shape, operands: [base.shape, shape])
        let computed = Self.computedType(base: base.elementType, exponent: exponent.elementType)
        let count = exponent.shape.elementCount
        let convert = try Conversions.body(
            from: exponent.elementType, to: computed, count: count, context.functions)
        let raise = body(walk, base: base.elementType, exponent: computed, count: count)
        let isConverted = computed != exponent.elementType
        let kernel = LoopKernel { (context) throws(OperatorError) in
            var exponents = context.input(1)
            if isConverted {
                try convert(context.scratch, exponents)
                exponents = UnsafeRawPointer(context.scratch)
            }
            try raise(context.output(0), context.input(0), exponents)
        }
        return CompiledOperator(
            kernel, scratchByteCount: isConverted ? ByteCount.product(count, computed.byteCount) : 0, inPlace: context.inPlace(0..<1))
    }

    private static func computedType(base: ElementType, exponent: ElementType) -> ElementType {
        if base == .float32, exponent == .float32 { return .float32 }
        return base.isInteger && exponent.isInteger ? .int64 : .float64
    }

    private func body(_ walk: BroadcastWalk, base: ElementType, exponent: ElementType, count: Int) -> PairBody {
        switch (base, exponent) {
        case (.float32, .float32):
            { y, a, b in Loops.pair(walk, y, a, b) { (a: Float, b: Float) in a.raised(to: b) } }
        case (.float32, _):
            { y, a, b in Loops.pair(walk, y, a, b) { (a: Float, b: Double) in Float(Double(a).raised(to: b)) } }
        case (.int8, .int64): integerBody(walk, count, Int8.self)
        case (.int16, .int64): integerBody(walk, count, Int16.self)
        case (.int32, .int64): integerBody(walk, count, Int32.self)
        case (.int64, .int64): integerBody(walk, count, Int64.self)
        case (.int32, _):
            { y, a, b in Loops.pair(walk, y, a, b) { (a: Int32, b: Double) in Int32(saturating: Double(a).raised(to: b)) } }
        case (.int64, _):
            { y, a, b in Loops.pair(walk, y, a, b) { (a: Int64, b: Double) in Int64(saturating: Double(a).raised(to: b)) } }
        default:
            { y, a, b in Loops.pair(walk, y, a, b) { (a: Double, b: Double) in a.raised(to: b) } }
        }
    }

    private func integerBody<Scalar: FixedWidthInteger & Sendable>(_ walk: BroadcastWalk, _ count: Int, _: Scalar.Type)
        -> PairBody
    {
        let isStrict = isStrict
        return { (y, a, b) throws(OperatorError) in
            var hasNoPower = false
            Loops.pair(walk, y, a, b) { (base: Scalar, exponent: Int64) in
                hasNoPower = hasNoPower || (base == 0 || isStrict) && exponent < 0
                return wrappingPower(base, exponent)
            }
            guard hasNoPower else { return }
            throw .invalidValue("raises \(isStrict ? "an integer" : "the integer 0") to a negative power; use a floating-point base")
        }
    }
}

/// base to the power exponent, wrapping; for negative exponents the integer part of the reciprocal.
private func wrappingPower<Scalar: FixedWidthInteger>(_ base: Scalar, _ exponent: Int64) -> Scalar {
    if exponent < 0 { return base == 1 ? 1 : base == -1 ? (exponent & 1 == 0 ? 1 : -1) : 0 }
    var result: Scalar = 1, square = base, rest = exponent
    while rest > 0 {
        if rest & 1 == 1 { result = result &* square }
        square = square &* square
        rest >>= 1
    }
    return result
}
