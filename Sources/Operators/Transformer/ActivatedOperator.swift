import GraphIR
import Tensors

/// An operator whose first output goes through an activation function before anybody sees it.
///
/// - Shapes: those of the operator.
/// - Types: float32, float64, and 16-bit floats, which are rounded once, from float32.
/// - Source: onnxruntime's FusedGemm, FusedMatMulActivation, and FastGelu and BiasGelu with a bias (com.microsoft).
struct ActivatedOperator: Operator {
    let name: String
    let base: any Operator
    let function: Activation.Function
    /// Inputs whose constant contents the operator packs.
    var weights: Set<Int> = []

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let facts = try base.infer(inputs)
        guard let type = facts.first?.valueType.tensor?.elementType, ElementTypes.floatingPoint.contains(type) else {
            throw .unsupported("\(name) of what is not floating point")
        }
        return facts
    }

    var shapeOperands: Set<Int> { base.shapeOperands }

    func rows(_ inputs: RowInputs) -> RowFlow { base.rows(inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context, weights: weights, compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let compiled = try base.compile(context), result = context.outputs[0]
        let last = try Activation(function).compile(
            CompileContext(inputs: [result], outputs: [result], constants: [nil], kernels: context.kernels))
        guard case .kernel(let kernel) = compiled.body, case .kernel(let activation) = last.body else {
            throw .unsupported("\(name) over a view")
        }
        let place = ByteCount.aligned(
            max(compiled.scratchByteCount, last.scratchByteCount), to: MemoryLayout<UnsafeMutableRawPointer>.alignment)
        let table = 2 * MemoryLayout<UnsafeMutableRawPointer>.stride
        return CompiledOperator(
            ActivatedKernel(kernel: kernel, activation: activation, tablePlace: place),
            scratchByteCount: ByteCount.sum(place, table), inPlace: compiled.inPlace, preparedInputs: compiled.preparedInputs)
    }

    /// The operator itself where it has nothing to apply.
    static func make(
        _ name: String, _ base: any Operator, _ function: Activation.Function?, weights: Set<Int> = []
    ) -> any Operator {
        guard let function else { return base }
        return ActivatedOperator(name: name, base: base, function: function, weights: weights)
    }
}

/// Runs a kernel, then the activation over its first output.
private struct ActivatedKernel: Kernel {
    let kernel: any Kernel
    let activation: any Kernel
    /// Where, in scratch memory, the addresses for the activation lie.
    let tablePlace: Int

    func run(_ context: KernelContext) throws(OperatorError) {
        try kernel.run(context)
        let table = (context.scratch + tablePlace).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        table[0] = context.output(0)
        table[1] = context.output(0)
        try activation.run(KernelContext(operands: table, inputCount: 1, scratch: context.scratch))
    }
}
