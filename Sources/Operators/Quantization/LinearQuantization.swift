import CKernels
import GraphIR
import Tensors

/// Integers for real numbers: round(x / scale) + zero point, limited to the type.
///
/// - Shapes: data [D…], scales and optional zero points (one number, a vector along `axis`, or the data's shape with one number
///   for each block along `axis`) → [D…].
/// - Types: float32, float16, bfloat16, int32 → that of the zero points, else `target`, else uint8: integers of 2, 4, 8 and 16
///   bits, floats of 4 and 8 bits. Scales may be float8e8m0, too.
/// - Numerics: the quotient is rounded to `precision` (the scales' type unless given), then to the nearest integer, of two the
///   even one; floats are rounded as by Cast, with the zero point added before.
/// - Source: ONNX operator QuantizeLinear, opsets 10 to 25; com.microsoft's QuantizeLinear.
struct QuantizeLinear: Operator {
    var rule: ScaleRule
    var target: ElementType?
    var precision: ElementType?
    /// Whether floats of 8 bits are limited to their range.
    var saturates = true

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...3)
        let data = try inputs.required(0, of: LinearTypes.scales.union([.int32]))
        _ = try inputs.required(1, of: LinearTypes.scales.union([.float8e8m0]))
        var type = target ?? .uint8
        if inputs[2] != nil {
            let zeros = try inputs.required(2, of: LinearTypes.quantized).elementType
            if let target, target != zeros {
                throw .invalidAttribute(name: "output_dtype", reason: "is \(target), the zero point is \(zeros)")
            }
            type = zeros
        }
        guard LinearTypes.quantized.contains(type) else { throw .unsupported("QuantizeLinear to \(type)") }
        if let precision, !LinearTypes.scales.contains(precision) { throw .unsupported("QuantizeLinear in \(precision)") }
        try rule.check(inputs)
        return [ValueFact(type, data.shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { rule.rows(inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let scales = try context.input(1).elementType, precision = precision ?? scales
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let data = try context.input(0)
            let scale = try context.input(1), result = context.outputs[0].elementType
            let runs = try rule.runs(data: data.shape, scales: scale.shape), quotient = LinearQuotient(precision: precision)
            if NarrowQuantizationKernel.isNeeded(data: data.elementType, scale: scale.elementType, result: result) {
                return CompiledOperator(
                    NarrowQuantizationKernel(
                        .quantizing(quotient, saturates: saturates), runs: runs, data: data.elementType, scale: scale.elementType,
                        result: result, hasZeros: context.has(2)))
            }
            return CompiledOperator(
                QuantizeLinearKernel(
                    runs: runs, source: data.elementType, target: result, hasZeros: context.has(2), quotient: quotient,
                    kernels: context.functions))
        }
    }
}

/// x / scale as a type of less precision has it.
struct LinearQuotient: Sendable {
    let precision: ElementType

    @inline(__always)
    func callAsFunction(_ value: Float, _ scale: Float) -> Float {
        switch precision {
        case .float16: half(half(value) / half(scale))
        case .bfloat16: brain(brain(value) / brain(scale))
        default: value / scale
        }
    }

    private func half(_ value: Float) -> Float { HalfPrecision.float(fromBinary16: HalfPrecision.binary16(from: value)) }
    private func brain(_ value: Float) -> Float { HalfPrecision.float(fromBFloat16: HalfPrecision.bfloat16(from: value)) }
}

private struct QuantizeLinearKernel: Kernel {
    let runs: ScaleRuns
    let source: ElementType
    let target: ElementType
    let hasZeros: Bool
    let quotient: LinearQuotient
    let kernels: KernelFunctions

    func run(_ context: KernelContext) {
        if source == .float32, quotient.precision == .float32, LinearTypes.eightBits.contains(target), runs.share {
            return writeBytes(context)
        }
        switch target {
        case .int8: write(Int8.self, context)
        case .int16: write(Int16.self, context)
        case .uint16: write(UInt16.self, context)
        default: write(UInt8.self, context)
        }
    }

    private func writeBytes(_ context: KernelContext) {
        let x = context.input(0, as: Float.self), y = context.output(0, as: UInt8.self)
        let scales = context.input(1, as: Float.self), isSigned = target == .int8
        let zeros = SmallIntegers(hasZeros ? context.input(2) : nil, isSigned: isSigned)
        runs.forEach { start, count, first, _ in
            let zero = zeros[first], limits = LinearRounding.limits(isSigned: isSigned, zero: zero)
            kernels.quantized.quantize_f32(y + start, x + start, count, scales[first], limits.lowest, limits.highest, zero)
        }
    }

    @inline(__always)
    private func write<Integer: FixedWidthInteger>(_: Integer.Type, _ context: KernelContext) {
        if source == .int32 {
            let x = context.input(0, as: Int32.self)
            write(Integer.self, context) { Float(x[$0]) }
        } else {
            let x = context.input(0, as: Float.self)
            write(Integer.self, context) { x[$0] }
        }
    }

    @inline(__always)
    private func write<Integer: FixedWidthInteger>(_: Integer.Type, _ context: KernelContext, _ x: (Int) -> Float) {
        let y = context.output(0, as: Integer.self), scales = context.input(1, as: Float.self)
        let zeros = hasZeros ? context.input(2, as: Integer.self) : nil
        let isPlain = quotient.precision == .float32
        runs.forEach { start, count, first, step in
            if step == 0, isPlain {
                let scale = scales[first]
                let rounding = LinearRounding(Integer.self, zero: zeros.map { Int32(truncatingIfNeeded: $0[first]) } ?? 0)
                for place in start..<start + count { y[place] = Integer(truncatingIfNeeded: rounding.integer(x(place) / scale)) }
                return
            }
            for offset in 0..<count {
                let parameter = first + offset * step
                let rounding = LinearRounding(Integer.self, zero: zeros.map { Int32(truncatingIfNeeded: $0[parameter]) } ?? 0)
                y[start + offset] = Integer(truncatingIfNeeded: rounding.integer(quotient(x(start + offset), scales[parameter])))
            }
        }
    }
}

/// Real numbers for integers: (x − zero point) · scale.
///
/// - Shapes: data [D…], scales and optional zero points as for `QuantizeLinear` → [D…].
/// - Types: integers of 2, 4, 8, 16 and 32 bits, floats of 4 and 8 bits → `target`, else the scales' type: float32, float16,
///   bfloat16. Scales may be float8e8m0, too, where `target` is given.
/// - Numerics: in float32, rounded once.
/// - Source: ONNX operator DequantizeLinear, opsets 10 to 25; com.microsoft's DequantizeLinear.
struct DequantizeLinear: Operator {
    var rule: ScaleRule
    var target: ElementType?

    var expandsConstants: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...3)
        let data = try inputs.required(0, of: LinearTypes.quantized.union([.int32]))
        let scales = try inputs.required(1, of: LinearTypes.scales.union([.float8e8m0]))
        if inputs[2] != nil {
            _ = try inputs.required(2)
            try inputs.checkSameType(2, as: 0)
        }
        let type = target ?? scales.elementType
        guard type != .float8e8m0 else {
            throw .invalidAttribute(name: "output_dtype", reason: "is missing or float8e8m0, expected a type of 16 or 32 bits")
        }
        guard LinearTypes.scales.contains(type) else { throw .unsupported("DequantizeLinear to \(type)") }
        try rule.check(inputs)
        return [ValueFact(type, data.shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { rule.rows(inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let data = try context.input(0)
            let scale = try context.input(1), result = context.outputs[0].elementType
            let runs = try rule.runs(data: data.shape, scales: scale.shape)
            if NarrowQuantizationKernel.isNeeded(data: data.elementType, scale: scale.elementType, result: result) {
                return CompiledOperator(
                    NarrowQuantizationKernel(
                        .dequantizing, runs: runs, data: data.elementType, scale: scale.elementType, result: result,
                        hasZeros: context.has(2)))
            }
            return CompiledOperator(
                DequantizeLinearKernel(runs: runs, source: data.elementType, hasZeros: context.has(2), kernels: context.functions))
        }
    }
}

private struct DequantizeLinearKernel: Kernel {
    let runs: ScaleRuns
    let source: ElementType
    let hasZeros: Bool
    let kernels: KernelFunctions

    func run(_ context: KernelContext) {
        if LinearTypes.eightBits.contains(source), runs.share { return readBytes(context) }
        switch source {
        case .int8: read(Int8.self, context)
        case .uint8: read(UInt8.self, context)
        case .int16: read(Int16.self, context)
        case .uint16: read(UInt16.self, context)
        default: read(Int32.self, context)
        }
    }

    private func readBytes(_ context: KernelContext) {
        let x = context.input(0, as: UInt8.self), y = context.output(0, as: Float.self)
        let scales = context.input(1, as: Float.self), isSigned = source == .int8
        let zeros = SmallIntegers(hasZeros ? context.input(2) : nil, isSigned: isSigned)
        runs.forEach { start, count, first, _ in
            kernels.quantized.dequantize_f32(y + start, x + start, count, scales[first], zeros[first], isSigned)
        }
    }

    @inline(__always)
    private func read<Integer: FixedWidthInteger>(_: Integer.Type, _ context: KernelContext) {
        let x = context.input(0, as: Integer.self), y = context.output(0, as: Float.self)
        let scales = context.input(1, as: Float.self)
        let zeros = hasZeros ? context.input(2, as: Integer.self) : nil
        runs.forEach { start, count, first, step in
            if step == 0 {
                let scale = scales[first], zero = zeros.map { Int32(truncatingIfNeeded: $0[first]) } ?? 0
                for place in start..<start + count { y[place] = Float(Int32(truncatingIfNeeded: x[place]) &- zero) * scale }
                return
            }
            for offset in 0..<count {
                let zero = zeros.map { Int32(truncatingIfNeeded: $0[first + offset]) } ?? 0
                y[start + offset] = Float(Int32(truncatingIfNeeded: x[start + offset]) &- zero) * scales[first + offset]
            }
        }
    }
}
