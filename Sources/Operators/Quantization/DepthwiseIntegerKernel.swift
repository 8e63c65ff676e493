import CKernels
import GraphIR
import Tensors

/// Convolution of bytes with their channels last, one channel a group, over constant weights; rows of output are its parts.
struct DepthwiseIntegerKernel: Kernel {
    private let kernels: KernelFunctions
    private let geometry: ConvolutionGeometry
    private let inputs: IntegerConvolutionInputs
    /// [taps, channels] of int16.
    private let packed: Tensor
    private let split: PartSplit

    /// nil where another kernel computes the convolution: other groups, weights or zero points of weights that come at run time, or
    /// zero points that are not one number.
    static func compile(
        _ context: CompileContext, _ geometry: ConvolutionGeometry, _ inputs: IntegerConvolutionInputs, weightsInput: Int
    ) throws(OperatorError) -> CompiledOperator? {
        guard geometry.groups > 1, geometry.channelsIn == 1, geometry.channelsOut == 1,
            let zero = zero(context, inputs.weightsZero?.input)
        else { return nil }
        let isSigned = try context.input(weightsInput).elementType == .int8, channels = geometry.groups, taps = geometry.tapCount
        let form = "depthwise-integers/\(channels)x\(taps)/\(zero)"
        let packed = try context.prepared(weightsInput, form: form) { (weights) throws(OperatorError) in
            try context.preparedTensor(TensorSpec(.int16, [ByteCount.product(taps, channels)])) { bytes in
                let to = bytes.bindMemory(to: Int16.self)
                let from = SmallIntegers(UnsafeRawPointer(weights.storage.baseAddress), isSigned: isSigned)
                for tap in 0..<taps {
                    for channel in 0..<channels {
                        to[tap * channels + channel] = Int16(truncatingIfNeeded: from[channel * taps + tap] &- zero)
                    }
                }
            }
        }
        guard let packed else { return nil }
        let rows = ByteCount.product(geometry.batch, ByteCount.product(geometry.output.0, geometry.output.1))
        let products = Double(geometry.batch) * Double(geometry.outputCount) * Double(geometry.weightCount)
        let kernel = DepthwiseIntegerKernel(
            kernels: context.functions, geometry: geometry, inputs: inputs, packed: packed,
            split: PartSplit(units: rows, operations: products))
        return CompiledOperator(
            kernel, scratchByteCount: kernel.endByteCount, inPlace: inputs.inPlace, preparedInputs: [weightsInput])
    }

    /// The zero point that all weights have and that is known now.
    private static func zero(_ context: CompileContext, _ input: Int?) -> Int32? {
        guard let input else { return 0 }
        guard let values = context.constant(input)?.integers, let first = values.first, values.allSatisfy({ $0 == first }) else {
            return nil
        }
        return Int32(truncatingIfNeeded: first)
    }

    private var paddedChannels: Int { ByteCount.aligned(geometry.groups, to: kernels.integer.panel_columns) }
    private var endByteCount: Int { IntegerEndMemory.byteCount(columns: paddedChannels) }
    private var rowCount: Int { geometry.batch * geometry.output.0 * geometry.output.1 }

    var parts: Int { split.count }

    func run(_ context: KernelContext) { run(0..<rowCount, context) }

    func run(part: Int, _ context: KernelContext) { run(split.units(of: part), context) }

    private func run(_ rows: Range<Int>, _ context: KernelContext) {
        let memory = IntegerEndMemory(context.scratch, columns: paddedChannels)
        for channel in 0..<geometry.groups {
            memory.offsets[channel] = inputs.bias.map { context.input($0, as: Int32.self)[channel] } ?? 0
        }
        var end = inputs.end(
            context, memory, groups: 1, columns: geometry.groups, paddedColumns: paddedChannels, needsZeros: false)
        var shape = geometry.shape, data = inputs.data(context)
        let weights = UnsafePointer(UnsafeRawPointer(packed.storage.baseAddress).assumingMemoryBound(to: Int16.self))
        kernels.integer.depthwise_rows(context.output(0), &data, weights, &shape, &end, rows.lowerBound, rows.upperBound)
    }
}
