import GraphIR
import Tensors

/// Converts every element to another type as TensorFlow does.
///
/// - Numerics: a float is cut towards zero; one beyond the range becomes the lowest integer of 32 and more bits and the nearest end of
///   narrower ones. An integer too wide for its new type loses its high bits; to bool, everything but 0 is true; floats round to
///   nearest, ties to even, or are cut towards zero where `truncates`. Of a complex number the real part counts.
/// - Source: TensorFlow Cast.
struct NumberCast: Operator {
    let target: ElementType
    var truncates = false

    var name: String { "Cast" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        guard target.isDense else { throw .unsupported("a cast to \(target)") }
        return [ValueFact(target, try inputs.dense(0).shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let source = try context.input(0).elementType
        guard source != target else { return .view(of: 0) }
        if truncates, let bits = Self.lostBits(from: source, to: target) { return try cutting(context, bits: bits) }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let source = try context.input(0), target = context.outputs[0].elementType
            let body = try body(from: source.elementType, to: target, count: source.shape.elementCount, context.functions)
            return CompiledOperator(LoopKernel(map: body), inPlace: context.inPlace(0..<1))
        }
    }

    private func body(
        from source: ElementType, to target: ElementType, count: Int, _ functions: KernelFunctions
    ) throws(OperatorError) -> MapBody {
        if source != target, source.isComplex || target.isComplex {
            return try ComplexCast.body(from: source, to: target, count: count)
        }
        // The C kernels give the nearest end of the range, as TensorFlow does for narrow integers alone.
        guard source.isFloatingPoint, target.isInteger, target.byteCount > 1 || source == .float64 else {
            return try Conversions.body(from: source, to: target, count: count, functions)
        }
        return source == .float32
            ? try CuttingMaker<Float>(count: count).make(target, for: name)
            : try CuttingMaker<Double>(count: count).make(target, for: name)
    }

    /// Low bits of a float's fraction that a narrower one has no place for; nil when it is no narrower one.
    private static func lostBits(from source: ElementType, to target: ElementType) -> Int? {
        guard source == .float64 || source == .float32, let before = fractionBits(source), let after = fractionBits(target),
            before > after
        else { return nil }
        return before - after
    }

    private static func fractionBits(_ type: ElementType) -> Int? {
        switch type {
        case .float64: 52
        case .float32: 23
        case .float16: 10
        case .bfloat16: 7
        default: nil
        }
    }

    /// Clears the bits first, so that nothing is left to round.
    private func cutting(_ context: CompileContext, bits: Int) throws(OperatorError) -> CompiledOperator {
        let source = try context.input(0), count = source.shape.elementCount
        let kernel =
            switch source.elementType {
            case .float64: LoopKernel(map: Self.narrowing(context.outputs[0].elementType, count) { (x: Double) in cut(x, bits) })
            default: LoopKernel(map: Self.narrowing(context.outputs[0].elementType, count) { (x: Float) in Double(cut(x, bits)) })
            }
        return CompiledOperator(kernel)
    }

    private static func narrowing<Source>(
        _ target: ElementType, _ count: Int, _ widen: @escaping @Sendable (Source) -> Double
    ) -> MapBody {
        switch target {
        case .float16: { y, x in Loops.map(y, x, count) { (x: Source) in HalfPrecision.binary16(from: Float(widen(x))) } }
        case .bfloat16: { y, x in Loops.map(y, x, count) { (x: Source) in HalfPrecision.bfloat16(from: Float(widen(x))) } }
        default: { y, x in Loops.map(y, x, count) { (x: Source) in Float(widen(x)) } }
        }
    }
}

@inline(__always) private func cut(_ x: Double, _ bits: Int) -> Double {
    x.isNaN ? x : Double(bitPattern: x.bitPattern & (.max << UInt64(bits)))
}

@inline(__always) private func cut(_ x: Float, _ bits: Int) -> Float {
    x.isNaN ? x : Float(bitPattern: x.bitPattern & (.max << UInt32(bits)))
}

private struct CuttingMaker<Source: FloatingScalar>: NumberMaker {
    let count: Int

    func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> MapBody {
        let count = count
        return { y, x in Loops.map(y, x, count) { (x: Source) in Scalar(cutting: Double(x)) } }
    }

    func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) throws(OperatorError) -> MapBody {
        throw .unsupported("a cast to an integer of \(Scalar.elementType)")
    }
}

extension FixedWidthInteger {
    /// The integer part as the processor's conversions give it: what lies beyond 32 (or 64) bits, and NaN, is the lowest number of
    /// that width, which then is cut to unsigned numbers and limited to narrower ones.
    @inline(__always)
    init(cutting value: Double) {
        if Self.bitWidth < 32 {
            let wide = value > -2_147_483_649 && value < 2_147_483_648 ? Int32(value) : .min
            self = Self(clamping: wide)
        } else if Self.bitWidth == 32, Self.isSigned {
            self = value > -2_147_483_649 && value < 2_147_483_648 ? Self(value) : .min
        } else if Self.bitWidth == 32 {
            self = Self(truncatingIfNeeded: value > -0x1p31 - 1 && value < 0x1p32 ? Int64(value) : 0x8000_0000)
        } else if value >= 0x1p63, value < 0x1p64, !Self.isSigned, Self.bitWidth == 64 {
            self = Self(value)
        } else {
            self = Self(truncatingIfNeeded: value >= -0x1p63 && value < 0x1p63 ? Int64(value) : .min)
        }
    }
}
