import GraphIR
import Tensors

/// Numbers from start, in steps of delta, before limit.
///
/// - Shapes: three scalars of one type → [max(0, ⌈(limit - start) / delta⌉)].
/// - Source: ONNX operator Range; TensorFlow's Range. 16-bit floats are computed in float32.
struct RangeOperator: Operator {
    static let types: Set<ElementType> = [
        .float32, .float64, .float16, .bfloat16, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64,
    ]

    /// Whether the count of floating-point numbers is computed as precisely as they are, not in double precision.
    var countsInOwnPrecision = false
    var name: String { "Range" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let start = try inputs.required(0, of: Self.types)
        for index in 0..<3 {
            try inputs.checkSameType(index, as: 0)
            if let shape = inputs[index]?.shape?.concrete, shape.elementCount != 1 {
                throw .invalidInput(index: index, reason: "has shape \(shape), expected a single number")
            }
        }
        guard let first = start.constant, let limit = inputs[1]?.constant, let delta = inputs[2]?.constant else {
            return [ValueFact(start.elementType, SymbolicShape([.unknown]))]
        }
        let count =
            start.elementType.isInteger
            ? try integerCount(first, limit, delta) : try floatCount(first, limit, delta)
        return [ValueFact(start.elementType, try Shape(checked: [count], what: "the range"))]
    }

    var shapeOperands: Set<Int> { [0, 1, 2] }

    private func integerCount(_ start: Tensor, _ limit: Tensor, _ delta: Tensor) throws(OperatorError) -> Int {
        guard let start = start.integers?.first, let limit = limit.integers?.first, let delta = delta.integers?.first
        else { throw .invalidValue("needs three integers") }
        guard delta != 0 else { throw .invalidValue("delta is 0") }
        guard delta > 0 ? limit > start : limit < start else { return 0 }
        // The distance of two Ints always fits UInt.
        let distance = delta > 0 ? UInt(bitPattern: limit &- start) : UInt(bitPattern: start &- limit)
        return Int(clamping: (distance - 1) / delta.magnitude + 1)
    }

    private func floatCount(_ start: Tensor, _ limit: Tensor, _ delta: Tensor) throws(OperatorError) -> Int {
        let numbers = try [start, limit, delta].map { tensor throws(OperatorError) in
            try tensor.elementType.dispatch(FirstNumber(address: UnsafeRawPointer(tensor.storage.baseAddress)))
        }
        guard numbers[2] != 0 else { throw .invalidValue("delta is 0") }
        let count = steps(numbers, start.elementType).rounded(.up)
        if count <= 0 { return 0 }
        guard let count = Int(exactly: count) else {
            throw .invalidValue("start \(numbers[0]), limit \(numbers[1]) and delta \(numbers[2]) make no finite range")
        }
        return count
    }

    private func steps(_ numbers: [Double], _ type: ElementType) -> Double {
        guard countsInOwnPrecision, type != .float64 else { return (numbers[1] - numbers[0]) / numbers[2] }
        let rounded = { (value: Float) -> Float in
            switch type {
            case .float16: HalfPrecision.float(fromBinary16: HalfPrecision.binary16(from: value))
            case .bfloat16: HalfPrecision.float(fromBFloat16: HalfPrecision.bfloat16(from: value))
            default: value
            }
        }
        return Double(rounded(rounded(Float(numbers[1]) - Float(numbers[0])) / Float(numbers[2])))
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { context throws(OperatorError) in
            CompiledOperator(RangeKernel(type: context.outputs[0].elementType, count: context.outputs[0].shape.elementCount))
        }
    }
}

private struct RangeKernel: Kernel {
    let type: ElementType
    let count: Int

    func run(_ context: KernelContext) {
        switch type {
        case .float32: fill(Float.self, context) { $0 + Float($2) * $1 }
        case .float64: fill(Double.self, context) { $0 + Double($2) * $1 }
        case .int8, .uint8: count(UInt8.self, context)
        case .int16, .uint16: count(UInt16.self, context)
        case .int32, .uint32: count(UInt32.self, context)
        default: count(UInt64.self, context)
        }
    }

    /// Integers wrap around, so that signed ones are computed as unsigned ones.
    @inline(__always)
    private func count<Scalar: FixedWidthInteger>(_: Scalar.Type, _ context: KernelContext) {
        fill(Scalar.self, context) { $0 &+ Scalar(truncatingIfNeeded: $2) &* $1 }
    }

    @inline(__always)
    private func fill<Scalar>(_: Scalar.Type, _ context: KernelContext, _ value: (Scalar, Scalar, Int) -> Scalar) {
        let start = context.input(0, as: Scalar.self).pointee, delta = context.input(2, as: Scalar.self).pointee
        let output = context.output(0, as: Scalar.self)
        for index in 0..<count { output[index] = value(start, delta, index) }
    }
}
