import CKernels
import GraphIR
import Tensors

/// What stands in the inputs of a convolution of bytes beside data and weights.
struct IntegerConvolutionInputs: Sendable {
    let isSigned: Bool
    let zero: Int?
    let weightsZero: MatrixParameter?
    /// nil where sums are the result.
    let weightsScale: MatrixParameter?
    let bias: Int?
    let resultIsSigned: Bool
    let limits: ClosedRange<Int32>?
    var residual: IntegerResidual?

    /// Each place of the residual is read before the result's is written.
    var inPlace: [InPlace] { residual == nil ? [] : [InPlace(output: 0, input: IntegerResidual.Input.data)] }

    /// The convolution's left operand.
    func data(_ context: KernelContext) -> apus_integer_left {
        apus_integer_left(
            data: context.input(0, as: UInt8.self), stride: 0, is_signed: isSigned, zero: context.smallInteger(zero, isSigned: isSigned))
    }

    /// The zero points of the weights from channel `channel` on.
    func zeros(_ context: KernelContext, from channel: Int) -> (first: UnsafePointer<UInt8>?, step: Int) {
        guard let weightsZero else { return (nil, 0) }
        let first = context.input(weightsZero.input, as: UInt8.self) + weightsZero.place(matrix: 0, line: channel)
        return (first, weightsZero.isUniform ? 0 : 1)
    }

    /// The end, with the factors of `groups` groups of `columns` channels, each of which takes `paddedColumns` places.
    func end(
        _ context: KernelContext, _ memory: IntegerEndMemory, groups: Int, columns: Int, paddedColumns: Int, needsZeros: Bool
    ) -> apus_integer_end {
        var end = memory.sums(needsZeros: needsZeros)
        guard let weightsScale else { return end }
        end.result = APUS_INTEGER_BYTES
        end.zero = context.smallInteger(7, isSigned: resultIsSigned)
        (end.lowest, end.highest) = LinearRounding.limits(isSigned: resultIsSigned, zero: end.zero, within: limits)
        let scale = context.number(1), resultScale = context.number(6)
        for group in 0..<groups {
            let factors = memory.factors + group * paddedColumns
            for column in 0..<columns {
                factors[column] = scale * weightsScale.scale(context, matrix: 0, line: group * columns + column) / resultScale
            }
            for column in columns..<paddedColumns { factors[column] = 0 }
        }
        end.factors = UnsafePointer(memory.factors)
        residual?.add(to: &end, context)
        return end
    }
}

/// Bytes that a quantized convolution adds to its result, which is quantized anew.
struct IntegerResidual: Sendable {
    let isSigned: Bool
    let limits: ClosedRange<Int32>?

    /// Of the convolution: bytes of the result's shape, their scale and zero point, the sum's scale and zero point.
    enum Input { static let data = 9, scale = 10, zero = 11, sumScale = 12, sumZero = 13 }

    func add(to end: inout apus_integer_end, _ context: KernelContext) {
        let sumScale = context.number(Input.sumScale)
        end.residual = apus_integer_residual(
            data: context.input(Input.data, as: UInt8.self), is_signed: isSigned,
            zero: context.smallInteger(Input.zero, isSigned: isSigned), own_factor: context.number(6) / sumScale,
            factor: context.number(Input.scale) / sumScale, lowest: end.lowest, highest: end.highest)
        end.zero = context.smallInteger(Input.sumZero, isSigned: isSigned)
        (end.lowest, end.highest) = LinearRounding.limits(isSigned: isSigned, zero: end.zero, within: limits)
    }
}

/// Convolution of bytes with their channels last by products over packed weights.
struct IntegerConvolutionKernel: Kernel {
    let geometry: ConvolutionGeometry
    let inputs: IntegerConvolutionInputs
    let weights: IntegerOperand

    var compiled: CompiledOperator {
        var shape = geometry.shape
        let scratch = ByteCount.sum(
            weights.scratchByteCount, endByteCount, weights.kernels.integer.convolution_scratch_count(&shape))
        return CompiledOperator(
            self, scratchByteCount: scratch, inPlace: inputs.inPlace, preparedInputs: weights.preparedInputs)
    }

    private var endByteCount: Int { IntegerEndMemory.byteCount(columns: ByteCount.product(weights.groups, weights.paddedColumns)) }

    /// What is no constant is prepared once, by the one part.
    var parts: Int { split.count }

    private var split: PartSplit {
        guard weights.packed != nil else { return .whole }
        var shape = geometry.shape
        let products = Double(geometry.batch) * Double(geometry.outputCount) * Double(geometry.weightCount)
        return PartSplit(units: weights.kernels.integer.convolution_part_count(&shape), operations: products / 4)
    }

    func run(_ context: KernelContext) {
        let packed = weights.bytes(context, scratch: context.scratch)
        var end = end(context, packed)
        let scratch = (context.scratch + weights.scratchByteCount + endByteCount).assumingMemoryBound(to: UInt8.self)
        var shape = geometry.shape, data = inputs.data(context)
        weights.kernels.integer.convolution(context.output(0), &data, packed, &shape, &end, scratch)
    }

    func run(part: Int, _ context: KernelContext) {
        let split = split
        guard split.count > 1 else { return run(context) }
        let packed = weights.bytes(context, scratch: context.scratch)
        var shape = geometry.shape, end = end(context, packed), data = inputs.data(context)
        let scratch = (context.scratch + endByteCount).assumingMemoryBound(to: UInt8.self)
        for unit in split.units(of: part) {
            weights.kernels.integer.convolution_part(context.output(0), &data, packed, &shape, &end, scratch, unit)
        }
    }

    private func end(_ context: KernelContext, _ packed: UnsafePointer<UInt8>) -> apus_integer_end {
        let padded = weights.paddedColumns
        let memory = IntegerEndMemory(context.scratch + weights.scratchByteCount, columns: weights.groups * padded)
        let zero = context.smallInteger(inputs.zero, isSigned: inputs.isSigned)
        var needsZeros = false
        for group in 0..<weights.groups {
            let first = group * weights.columns, zeros = inputs.zeros(context, from: first)
            let bias = inputs.bias.map { context.input($0, as: Int32.self) + first }
            let needs = weights.kernels.integer.prepare(
                memory.offsets + group * padded, memory.zeros + group * padded, packed + group * weights.matrixByteCount, weights.taps,
                weights.channels, weights.columns, 0, weights.columns, inputs.isSigned, zero, zeros.first, zeros.step,
                weights.isSigned, bias)
            needsZeros = needsZeros || needs
        }
        return inputs.end(
            context, memory, groups: weights.groups, columns: weights.columns, paddedColumns: padded, needsZeros: needsZeros)
    }
}
