import GraphIR
import Tensors

/// Passes its input through: at inference nothing is dropped. The optional mask is all true.
///
/// - Source: ONNX Dropout: opset 1–6 with the attribute `is_test`, 7–11 always at inference, from opset 12 with the optional
///   inputs 1, `ratio`, and 2, `training_mode`: one of them must be 0, unless a seed says which elements are dropped.
struct Dropout: Operator {
    let hasMask: Bool
    /// Opset 10 made the mask bool; before, it has the data's type.
    let maskIsBool: Bool
    /// Of the numbers that decide what is dropped in training; without one, training is refused.
    var seed: UInt32?

    static let trains = OperatorError.unsupported(
        "Dropout in training mode (is_test 0, or training_mode true with a ratio) without a seed")

    private static let types = ElementTypes.floatingPoint.union(ElementTypes.eightBitFloats)

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...3)
        // Numbers that may be dropped are scaled, too.
        let types = inputs[2] != nil && seed != nil ? ElementTypes.floatingPoint : Self.types
        let data = try inputs.required(0, of: types)
        if inputs[1] != nil {
            _ = try inputs.required(1, of: types)
            try checkScalar(inputs, 1)
        }
        if let training = inputs[2] {
            _ = try inputs.required(2, of: [.bool])
            try checkScalar(inputs, 2)
            let isKeepingAll = inputs[1].map { $0.constant.map(Self.isZero) ?? true } ?? false
            if let mode = training.constant, !Self.isZero(mode), !isKeepingAll, seed == nil { throw Self.trains }
        }
        let mask = ValueFact(maskIsBool ? .bool : data.elementType, data.shape)
        return hasMask ? [ValueFact(data.type), mask] : [ValueFact(data.type)]
    }

    private func checkScalar(_ inputs: OperatorInputs, _ index: Int) throws(OperatorError) {
        guard let shape = inputs[index]?.shape, !shape.dimensions.allSatisfy({ ($0.value ?? 1) == 1 }) else { return }
        throw .invalidInput(index: index, reason: "is \(shape), expected a scalar")
    }

    /// What is dropped depends on where it stands.
    func rows(_ inputs: RowInputs) -> RowFlow {
        let mayDrop = seed != nil && inputs[2] != nil && !(inputs.facts[2]?.constant.map(Self.isZero) ?? false)
        return mayDrop ? .mixed(RowReason.positional) : inputs.elementwise()
    }

    private static func isZero(_ tensor: Tensor) -> Bool { tensor.withBytes { $0.allSatisfy { $0 == 0 } } }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let isInference = !context.has(2) || context.constant(2).map(Self.isZero) == true
        guard hasMask || !isInference else { return .view(of: 0) }
        if !isInference, let seed {
            return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
                try context.input(0).elementType == .float64
                    ? DropoutTraining<Double>(context, seed: seed).compiled : DropoutTraining<Float>(context, seed: seed).compiled
            }
        }
        let data = try context.input(0)
        let kernel = DropoutKernel(
            byteCount: data.byteCount, checksMode: !isInference,
            ratioByteCount: context.has(1) ? try context.input(1).byteCount : nil, mask: hasMask ? context.outputs[1] : nil)
        return CompiledOperator(kernel, inPlace: context.inPlace(0..<1))
    }
}

private struct DropoutKernel: Kernel {
    let byteCount: Int
    let checksMode: Bool
    /// nil when the ratio is absent, which then is 1/2.
    let ratioByteCount: Int?
    let mask: TensorSpec?

    func run(_ context: KernelContext) throws(OperatorError) {
        if checksMode, context.input(2, as: UInt8.self).pointee != 0, !keepsAll(context) { throw Dropout.trains }
        if context.input(0) != UnsafeRawPointer(context.output(0)) {
            context.output(0).copyMemory(from: context.input(0), byteCount: byteCount)
        }
        guard let mask else { return }
        let count = mask.shape.elementCount
        switch mask.elementType {
        case .float32: fill(context, 1 as Float, count)
        case .float64: fill(context, 1 as Double, count)
        case .float16: fill(context, 0x3C00 as UInt16, count)
        case .bfloat16: fill(context, 0x3F80 as UInt16, count)
        default: fill(context, 1 as UInt8, count)
        }
    }

    /// Whether the ratio is 0, whose bytes are 0 in every type.
    private func keepsAll(_ context: KernelContext) -> Bool {
        guard let ratioByteCount else { return false }
        return UnsafeRawBufferPointer(start: context.input(1), count: ratioByteCount).allSatisfy { $0 == 0 }
    }

    private func fill<Scalar>(_ context: KernelContext, _ value: Scalar, _ count: Int) {
        context.output(1, as: Scalar.self).update(repeating: value, count: count)
    }
}
