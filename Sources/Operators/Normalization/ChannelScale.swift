import CKernels
package import GraphIR
import Tensors

/// Each channel times a factor, plus a shift: what passes make of a normalisation by recorded statistics.
///
/// - Shapes: `x` [..., C], `factors` [C], `shifts` [C] → as `x`.
/// - Numerics: activation(x · factor + shift) in float32; 16-bit floats are rounded once.
package struct ChannelScale: Operator {
    package var activation: FusedActivation?

    package init() {}

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let x = try inputs.required(0, of: [.float32, .float16, .bfloat16])
        let channels = try x.shape.map { shape throws(OperatorError) in
            guard shape.rank >= 1 else { throw .invalidInput(index: 0, reason: "is a scalar, expected channels") }
            return shape[shape.rank - 1]
        }
        for index in 1...2 {
            try NormalizationInputs.checkVector(inputs, index, type: .float32, count: channels ?? .unknown, of: "channel")
        }
        return [ValueFact(x.type)]
    }

    package func rows(_ inputs: RowInputs) -> RowFlow {
        guard let rank = inputs.extents(0)?.count else { return .mixed(RowReason.unknown) }
        return inputs.linewise(along: [rank - 1])
    }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let shape = try context.input(0).shape, channels = shape[shape.rank - 1]
            let kernel = ChannelScaleKernel(
                context.functions, rows: shape.elementCount(in: 0..<shape.rank - 1), channels: channels, activation)
            return CompiledOperator(kernel, inPlace: [InPlace(output: 0, input: 0)])
        }
    }
}

private struct ChannelScaleKernel: Kernel {
    private let kernels: KernelFunctions
    private let rows: Int
    private let channels: Int
    private let epilogue: FusedEpilogue
    private let split: PartSplit

    init(_ kernels: KernelFunctions, rows: Int, channels: Int, _ activation: FusedActivation?) {
        self.kernels = kernels
        self.rows = rows
        self.channels = channels
        epilogue = FusedEpilogue(activation)
        split = PartSplit(units: rows, operations: 2 * Double(rows) * Double(channels))
    }

    func run(_ context: KernelContext) { run(rows: 0..<rows, context) }

    var parts: Int { split.count }

    func run(part: Int, _ context: KernelContext) { run(rows: split.units(of: part), context) }

    private func run(rows: Range<Int>, _ context: KernelContext) {
        let end = epilogue.with(), start = rows.lowerBound * channels
        kernels.channelsLast.scale_rows_f32(
            context.output(0, as: Float.self) + start, context.input(0, as: Float.self) + start, context.input(1, as: Float.self),
            context.input(2, as: Float.self), rows.count, channels, end.activation, end.alpha, end.beta)
    }
}
