import CKernels
import GraphIR
import Tensors

/// Products of stacks of 8-bit matrices, and what becomes of the sums.
struct IntegerMatMulKernel: Kernel {
    enum Left: Sendable {
        case integers(isSigned: Bool)
        /// A matrix whose columns lie side by side, and how they become rows.
        case transposed(isSigned: Bool, StridedCopy)
        /// Real numbers, quantized over their range.
        case real(count: Int)
    }

    enum Result: Sendable {
        case integers
        case real(bias: Int?)
        case quantized(scale: MatrixParameter, zero: Int?, isSigned: Bool, limits: ClosedRange<Int32>?)
    }

    /// An int32 matrix that is added to the sums, with the steps from row to row and column to column.
    struct Addend: Sendable {
        let input: Int
        let row: Int
        let column: Int
    }

    let geometry: ProductGeometry
    let left: Left
    let leftInput: Int
    let weights: IntegerOperand
    var leftZero: MatrixParameter?
    var rightZero: MatrixParameter?
    var leftScale: MatrixParameter?
    var rightScale: MatrixParameter?
    var alpha: Float = 1
    var addend: Addend?
    let result: Result

    var compiled: CompiledOperator {
        let scratch = ByteCount.sum(weights.scratchByteCount, leftByteCount, endByteCount, productByteCount)
        return CompiledOperator(self, scratchByteCount: scratch, preparedInputs: weights.preparedInputs)
    }

    /// Of the left operand where it is not read in place.
    private var leftByteCount: Int {
        switch left {
        case .integers: 0
        case .transposed: ByteCount.aligned(ByteCount.product(geometry.rows, geometry.steps), to: TensorStorage.alignment)
        case .real(let count): ByteCount.aligned(count, to: TensorStorage.alignment)
        }
    }

    private var endByteCount: Int { IntegerEndMemory.byteCount(columns: weights.paddedColumns) }

    /// A part has other rows than the whole, and another count of them may need more.
    private var productByteCount: Int {
        let rows = Set((0..<parts).map { split.part($0).rows.count } + [geometry.rows, 1])
        return rows.map { weights.kernels.integer.product_scratch_count($0, geometry.steps) }.max() ?? 0
    }

    private var split: ProductParts {
        ProductParts(rows: geometry.rows, steps: geometry.steps, columns: geometry.columns, weights.kernels)
    }

    /// What is made once before all products is made by the one part.
    private var isWhole: Bool {
        if case .integers = left { return weights.packed == nil }
        return true
    }

    var parts: Int { isWhole ? 1 : split.count }

    func run(_ context: KernelContext) { run(0..<geometry.rows, 0..<geometry.columns, context) }

    func run(part: Int, _ context: KernelContext) {
        guard parts > 1 else { return run(context) }
        let (rows, columns) = split.part(part)
        run(rows, columns, context)
    }

    private func run(_ rows: Range<Int>, _ columns: Range<Int>, _ context: KernelContext) {
        let operand = leftOperand(context)
        for index in geometry.offsets.indices {
            let offset = geometry.offsets[index]
            let pair = MatrixPair(
                left: geometry.leftCount == 0 ? 0 : offset.left / geometry.leftCount,
                right: geometry.rightCount == 0 ? 0 : offset.right / geometry.rightCount, result: index * geometry.resultCount)
            let packed = weights.bytes(context, offset: offset.right, scratch: context.scratch)
            if leftZero?.isUniform ?? true, leftScale?.isUniform ?? true {
                multiply(rows, columns, operand.moved(offset.left), packed, pair, context)
            } else {
                for row in rows { multiply(row..<row + 1, columns, operand.moved(offset.left), packed, pair, context) }
            }
        }
    }

    /// The left operand's elements, and what they stand for where data decide it.
    private struct LeftOperand {
        var address: UnsafePointer<UInt8>
        let isSigned: Bool
        var range: DynamicRange?

        func moved(_ offset: Int) -> LeftOperand { LeftOperand(address: address + offset, isSigned: isSigned, range: range) }
    }

    private func leftOperand(_ context: KernelContext) -> LeftOperand {
        let scratch = (context.scratch + weights.scratchByteCount).assumingMemoryBound(to: UInt8.self)
        switch left {
        case .integers(let isSigned): return LeftOperand(address: context.input(leftInput, as: UInt8.self), isSigned: isSigned)
        case .transposed(let isSigned, let copy):
            copy.run(from: context.input(leftInput), to: scratch)
            return LeftOperand(address: scratch, isSigned: isSigned)
        case .real(let count):
            let x = context.input(leftInput, as: Float.self), range = DynamicRange(x, count: count, weights.kernels)
            range.quantize(x, to: scratch, count: count, weights.kernels)
            return LeftOperand(address: scratch, isSigned: false, range: range)
        }
    }

    /// Rows of one product, which share a zero point and a scale.
    private func multiply(
        _ rows: Range<Int>, _ columns: Range<Int>, _ operand: LeftOperand, _ packed: UnsafePointer<UInt8>, _ pair: MatrixPair,
        _ context: KernelContext
    ) {
        let scratch = context.scratch + weights.scratchByteCount + leftByteCount
        let memory = IntegerEndMemory(scratch, columns: weights.paddedColumns)
        let zero = operand.range?.zero ?? leftZero?.integer(context, matrix: pair.left, line: rows.lowerBound) ?? 0
        let zeros = rightZeros(context, pair)
        let needsZeros = weights.kernels.integer.prepare(
            memory.offsets, memory.zeros, packed, 1, geometry.steps, geometry.columns, columns.lowerBound, columns.upperBound,
            operand.isSigned, zero, zeros.first, zeros.step, weights.isSigned, nil)
        let scale = alpha * (operand.range?.scale ?? leftScale?.scale(context, matrix: pair.left, line: rows.lowerBound) ?? 1)
        var end = end(context, pair, scale, memory, needsZeros: needsZeros, row: rows.lowerBound, columns)
        var left = apus_integer_left(
            data: operand.address + rows.lowerBound * geometry.steps, stride: geometry.steps, is_signed: operand.isSigned, zero: zero)
        let byteCount = end.result == APUS_INTEGER_BYTES ? 1 : 4
        weights.kernels.integer.product(
            context.output(0) + (pair.result + rows.lowerBound * geometry.columns) * byteCount, geometry.columns, &left, packed,
            rows.count, geometry.steps, columns.lowerBound, columns.upperBound, &end,
            (scratch + endByteCount).assumingMemoryBound(to: UInt8.self))
    }

    private func rightZeros(_ context: KernelContext, _ pair: MatrixPair) -> (first: UnsafePointer<UInt8>?, step: Int) {
        guard let rightZero else { return (nil, 0) }
        let first = context.input(rightZero.input, as: UInt8.self) + rightZero.place(matrix: pair.right, line: 0)
        return (first, rightZero.isUniform ? 0 : 1)
    }

    private func end(
        _ context: KernelContext, _ pair: MatrixPair, _ scale: Float, _ memory: IntegerEndMemory, needsZeros: Bool, row: Int,
        _ columns: Range<Int>
    ) -> apus_integer_end {
        var end = memory.sums(needsZeros: needsZeros)
        if let addend {
            end.addend = context.input(addend.input, as: Int32.self) + row * addend.row
            end.addend_row = addend.row
            end.addend_column = addend.column
        }
        var divisor: Float = 1
        switch result {
        case .integers: return end
        case .real(let bias):
            end.result = APUS_INTEGER_REALS
            end.bias = bias.map { context.input($0, as: Float.self) }
        case .quantized(let resultScale, let zero, let isSigned, let limits):
            end.result = APUS_INTEGER_BYTES
            end.zero = context.smallInteger(zero, isSigned: isSigned)
            (end.lowest, end.highest) = LinearRounding.limits(isSigned: isSigned, zero: end.zero, within: limits)
            divisor = resultScale.scale(context, matrix: 0, line: 0)
        }
        for column in columns {
            memory.factors[column] = scale * (rightScale?.scale(context, matrix: pair.right, line: column) ?? 1) / divisor
        }
        for column in geometry.columns..<weights.paddedColumns { memory.factors[column] = 0 }
        end.factors = UnsafePointer(memory.factors)
        return end
    }
}

/// Which matrices of two stacks are multiplied, and where the result begins.
private struct MatrixPair {
    let left: Int
    let right: Int
    let result: Int
}
