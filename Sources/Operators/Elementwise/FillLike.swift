import GraphIR
import Tensors

/// Zeros or ones in the shape and type of the input, whose contents do not matter.
///
/// - Types: all but strings, for which `EmptyTextLike` is.
/// - Source: TensorFlow ZerosLike, OnesLike.
struct FillLike: Operator {
    let isOne: Bool

    var name: String { isOne ? "OnesLike" : "ZerosLike" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(try inputs.dense(0).type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let spec = context.outputs[0]
        return CompiledOperator(isOne ? ones(spec) : zeros(spec), inPlace: context.inPlace(0..<1))
    }

    private func zeros(_ spec: TensorSpec) -> LoopKernel {
        LoopKernel { context in context.output(0).initializeMemory(as: UInt8.self, repeating: 0, count: spec.byteCount) }
    }

    private func ones(_ spec: TensorSpec) -> LoopKernel {
        let count = spec.shape.elementCount
        switch spec.elementType {
        case .float32: return fill(1 as Float, count)
        case .float64: return fill(1 as Double, count)
        case .float16: return fill(0x3C00 as UInt16, count)
        case .bfloat16: return fill(0x3F80 as UInt16, count)
        case .complex64: return fill(Complex<Float>(1), count)
        case .complex128: return fill(Complex<Double>(1), count)
        case .int8, .uint8, .bool, .string: return fill(1 as UInt8, count)
        case .int16, .uint16: return fill(1 as UInt16, count)
        case .int32, .uint32: return fill(1 as UInt32, count)
        case .int64, .uint64: return fill(1 as UInt64, count)
        case let narrow: return fill(UInt8(truncatingIfNeeded: narrow.bits(of: 1)), count)
        }
    }

    private func fill<Scalar: Sendable>(_ value: Scalar, _ count: Int) -> LoopKernel {
        LoopKernel { context in context.output(0, as: Scalar.self).update(repeating: value, count: count) }
    }
}

/// Empty strings in the shape of the input.
///
/// - Source: TensorFlow ZerosLike of strings.
struct EmptyTextLike: DynamicOperator {
    var name: String { "ZerosLike" }
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(try inputs.required(0).valueType)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let value = try context.value(0)
        guard case .object(.strings(let tensor)) = value else {
            throw OperatorError.invalidInput(index: 0, reason: "is \(value.kind), expected a tensor of strings")
        }
        let count = tensor.elements.count
        return try context.withScratch(ByteCount.of([UInt8].self, count)) { () throws(OperatorError) in
            [.strings(StringTensor(shape: tensor.shape, elements: [[UInt8]](repeating: [], count: count)))]
        }
    }
}
