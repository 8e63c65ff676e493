import CKernels
import GraphIR
import Tensors

/// A long short-term memory with weights of 8 bits: data and states are quantized before each product, over the range that they have.
///
/// - Shapes: inputs 0 to 7 and outputs as of an LSTM but with W [directions, input, 4 · hidden] and R [directions, hidden, 4 · hidden];
///   inputs 8 to 11 are scale and zero point of W, then of R: [directions] or [directions, 4 · hidden].
/// - Types: int8 or uint8 weights, all else float32.
/// - Numerics: the range of the data is that of all steps and sequences, the states' that of all sequences at a step, so that no
///   sequence is independent of the others.
/// - Source: onnxruntime's DynamicQuantizeLSTM (com.microsoft).
struct DynamicQuantizeLSTM: Operator {
    let node: RecurrentNode

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(12...12)
        var facts = Array(inputs.facts.prefix(8))
        for (index, scale) in [(1, 8), (2, 10)] {
            let weights = try inputs.required(index, of: LinearTypes.eightBits)
            _ = try inputs.required(scale, of: [.float32])
            _ = try inputs.required(scale + 1, of: [weights.elementType])
            try checkParameters(inputs, scale, weights.shape)
            try checkParameters(inputs, scale + 1, weights.shape)
            facts[index] = ValueFact(.float32, try Self.turned(weights.shape, index))
        }
        return try node.infer(OperatorInputs(facts, outputCount: inputs.outputCount))
    }

    /// The weights' shape as an LSTM has it.
    private static func turned(_ shape: SymbolicShape?, _ index: Int) throws(OperatorError) -> SymbolicShape? {
        guard let shape else { return nil }
        guard shape.rank == 3 else { throw .invalidInput(index: index, reason: "has rank \(shape.rank), expected 3") }
        return SymbolicShape([shape[0], shape[2], shape[1]])
    }

    private func checkParameters(_ inputs: OperatorInputs, _ index: Int, _ weights: SymbolicShape?) throws(OperatorError) {
        guard let shape = inputs[index]?.shape, let weights, weights.rank == 3 else { return }
        let expected = shape.rank == 1 ? [weights[0]] : [weights[0], weights[2]]
        guard (1...2).contains(shape.rank), zip(shape.dimensions, expected).allSatisfy({ Dimension.unified($0, $1) != nil }) else {
            throw .invalidInput(
                index: index, reason: "has shape \(shape), expected one number for each direction, or for each of its columns")
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let kernel = try RecurrentKernel(
            context, node, hidden: context.input(2).shape[1],
            projection: IntegerRecurrentMatrix(context, input: 1, scale: 8),
            recurrence: IntegerRecurrentMatrix(context, input: 2, scale: 10))
        return CompiledOperator(kernel, scratchByteCount: kernel.scratchByteCount, preparedInputs: kernel.preparedInputs)
    }
}

/// Weights [directions, depth, rows] of 8 bits; what is multiplied with them is quantized first.
private struct IntegerRecurrentMatrix: RecurrentProduct {
    let input: Int
    let rows: Int
    private let scale: Parameter
    private let zero: Parameter
    private let operand: IntegerOperand

    /// One number for each direction, or for each column of each direction.
    private struct Parameter {
        let input: Int
        let isPerColumn: Bool

        init(_ context: CompileContext, _ input: Int) throws(OperatorError) {
            self.input = input
            isPerColumn = try context.input(input).shape.rank == 2
        }
    }

    init(_ context: CompileContext, input: Int, scale: Int) throws(OperatorError) {
        let shape = try context.input(input).shape
        self.input = input
        rows = shape[2]
        self.scale = try Parameter(context, scale)
        zero = try Parameter(context, scale + 1)
        operand = try IntegerOperand.matrix(
            context, input: input, steps: shape[1], columns: rows, transposed: false, count: shape[0])
    }

    var isPrepared: Bool { operand.packed != nil }
    var scratchCount: Int { operand.scratchByteCount / MemoryLayout<Float>.stride }

    /// The end, the quantized rows, their product, and what that needs, in this order.
    func productScratchCount(_ count: Int) -> Int {
        let bytes = ByteCount.sum(
            endByteCount, quantizedByteCount(count), sumsByteCount(count),
            operand.kernels.integer.product_scratch_count(count, operand.steps))
        return bytes / MemoryLayout<Float>.stride + 1
    }

    private var endByteCount: Int { IntegerEndMemory.byteCount(columns: operand.paddedColumns) }

    private func quantizedByteCount(_ count: Int) -> Int {
        ByteCount.aligned(ByteCount.product(count, operand.steps), to: TensorStorage.alignment)
    }

    private func sumsByteCount(_ count: Int) -> Int {
        ByteCount.aligned(ByteCount.product(ByteCount.of(Float.self, rows), count), to: TensorStorage.alignment)
    }

    func packed(_ context: KernelContext, scratch: UnsafeMutablePointer<Float>) -> UnsafeRawPointer {
        UnsafeRawPointer(operand.bytes(context, scratch: scratch))
    }

    func multiply(
        _ context: KernelContext, _ packed: UnsafeRawPointer, direction: Int, _ x: UnsafePointer<Float>, count: Int,
        into y: UnsafeMutablePointer<Float>, stride: Int, adding addend: RecurrentAddend, scratch: UnsafeMutablePointer<Float>
    ) {
        let kernels = operand.kernels, memory = IntegerEndMemory(scratch, columns: operand.paddedColumns)
        let quantized = (UnsafeMutableRawPointer(scratch) + endByteCount).assumingMemoryBound(to: UInt8.self)
        let sums = UnsafeMutableRawPointer(quantized) + quantizedByteCount(count)
        let room = (sums + sumsByteCount(count)).assumingMemoryBound(to: UInt8.self)
        let range = DynamicRange(x, count: count * operand.steps, kernels)
        range.quantize(x, to: quantized, count: count * operand.steps, kernels)
        let weights = packed.assumingMemoryBound(to: UInt8.self) + direction * operand.matrixByteCount
        var end = end(context, direction, weights, range, memory)
        var left = apus_integer_left(data: quantized, stride: operand.steps, is_signed: false, zero: range.zero)
        switch addend {
        case .bias(let bias):
            end.bias = bias
            kernels.integer.product(y, stride, &left, weights, count, operand.steps, 0, rows, &end, room)
        case .result:
            kernels.integer.product(sums, rows, &left, weights, count, operand.steps, 0, rows, &end, room)
            let parts = sums.assumingMemoryBound(to: Float.self)
            for row in 0..<count {
                for column in 0..<rows { y[row * stride + column] += parts[row * rows + column] }
            }
        }
    }

    private func end(
        _ context: KernelContext, _ direction: Int, _ weights: UnsafePointer<UInt8>, _ range: DynamicRange, _ memory: IntegerEndMemory
    ) -> apus_integer_end {
        let zeros = context.input(zero.input, as: UInt8.self) + direction * (zero.isPerColumn ? rows : 1)
        let needsZeros = operand.kernels.integer.prepare(
            memory.offsets, memory.zeros, weights, 1, operand.steps, rows, 0, rows, false, range.zero, zeros,
            zero.isPerColumn ? 1 : 0, operand.isSigned, nil)
        let scales = context.input(scale.input, as: Float.self) + direction * (scale.isPerColumn ? rows : 1)
        for column in 0..<operand.paddedColumns {
            memory.factors[column] = column < rows ? range.scale * scales[scale.isPerColumn ? column : 0] : 0
        }
        var end = memory.sums(needsZeros: needsZeros)
        end.result = APUS_INTEGER_REALS
        end.factors = UnsafePointer(memory.factors)
        return end
    }
}
