import GraphIR
import Tensors

/// Passes its input through: at inference nothing is dropped. The optional mask is all true.
///
/// - Source: ONNX Dropout: opset 1–6 with the attribute `is_test`, 7–11 always at inference, from opset 12 with the optional
///   bool input 2, `training_mode`, which must be false.
struct Dropout: Operator {
    let hasMask: Bool
    /// Opset 10 made the mask bool; before, it has the data's type.
    let maskIsBool: Bool

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...3)
        let data = try inputs.required(0, of: ElementTypes.floatingPoint)
        if let training = inputs[2] {
            _ = try inputs.required(2, of: [.bool])
            guard training.constant?.integers?.contains(where: { $0 != 0 }) != true else { throw Self.trains }
        }
        let mask = ValueFact(maskIsBool ? .bool : data.elementType, data.shape)
        return hasMask ? [ValueFact(data.type), mask] : [ValueFact(data.type)]
    }

    static let trains = OperatorError.unsupported("training_mode true; export the model for inference, which")

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let checksMode = context.has(2) && context.constant(2) == nil
        guard hasMask || checksMode else { return .view(of: 0) }
        let data = try context.input(0)
        let kernel = DropoutKernel(
            byteCount: data.byteCount, checksMode: checksMode, mask: hasMask ? context.outputs[1] : nil)
        return CompiledOperator(kernel, inPlace: context.inPlace(0..<1))
    }
}

private struct DropoutKernel: Kernel {
    let byteCount: Int
    let checksMode: Bool
    let mask: TensorSpec?

    func run(_ context: KernelContext) throws(OperatorError) {
        if checksMode, context.input(2, as: UInt8.self).pointee != 0 { throw Dropout.trains }
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

    private func fill<Scalar>(_ context: KernelContext, _ value: Scalar, _ count: Int) {
        context.output(1, as: Scalar.self).update(repeating: value, count: count)
    }
}
