import CKernels
import GraphIR
import Tensors

/// Products of states or data with the weights of each direction.
protocol RecurrentProduct: Sendable {
    /// The node's input that holds the weights.
    var input: Int { get }
    /// Rows of the weights that take part, which are columns of a product.
    var rows: Int { get }
    /// Whether the packed forms were made of constant weights, which are then not read while running.
    var isPrepared: Bool { get }
    /// Floats of scratch for the packed forms of weights that come from data.
    var scratchCount: Int { get }

    /// Floats of scratch for a product of `count` rows.
    func productScratchCount(_ count: Int) -> Int

    /// The packed forms of all directions, made in `scratch` unless they were made before.
    func packed(_ context: KernelContext, scratch: UnsafeMutablePointer<Float>) -> UnsafeRawPointer

    /// y [count, rows], rows `stride` apart, = x [count, depth] · weights + addend.
    func multiply(
        _ context: KernelContext, _ packed: UnsafeRawPointer, direction: Int, _ x: UnsafePointer<Float>, count: Int,
        into y: UnsafeMutablePointer<Float>, stride: Int, adding addend: RecurrentAddend, scratch: UnsafeMutablePointer<Float>)
}

enum RecurrentAddend {
    /// One number for each column.
    case bias(UnsafePointer<Float>)
    /// What stands in the result.
    case result
}

/// Rows of a weight input of float32 as packed right operands, one for each direction.
struct RecurrentMatrix: RecurrentProduct {
    /// Holds [directions, rows of all gates, depth].
    let input: Int
    let directionCount: Int
    let rowsInAll: Int
    let firstRow: Int
    let rows: Int
    let depth: Int
    /// Floats of one direction's packed form.
    let packedCount: Int
    private let kernels: KernelFunctions
    /// The packed forms when the weights are constant.
    private var prepared: Tensor?

    init(
        _ context: CompileContext, input: Int, firstRow: Int, rows: Int, _ kernels: KernelFunctions
    ) throws(OperatorError) {
        let shape = try context.input(input).shape
        self.input = input
        directionCount = shape[0]
        rowsInAll = shape[1]
        depth = shape[2]
        self.firstRow = firstRow
        self.rows = rows
        self.kernels = kernels
        packedCount = kernels.matrix.packed_right_count(depth, rows)
        let unprepared = self
        prepared = try context.prepared(input, form: "recurrent/\(kernels.levelName)/\(firstRow)+\(rows)") {
            (weights) throws(OperatorError) in
            try PackedWeights.tensor(context, count: unprepared.totalCount, weights) { packed, weights in
                unprepared.pack(weights, into: packed)
            }
        }
    }

    private var totalCount: Int { ByteCount.product(packedCount, directionCount) }
    var isPrepared: Bool { prepared != nil }
    var scratchCount: Int { prepared == nil ? totalCount : 0 }

    func productScratchCount(_ count: Int) -> Int { kernels.matrix.product_scratch_count(count, depth, rows) }

    func packed(_ context: KernelContext, scratch: UnsafeMutablePointer<Float>) -> UnsafeRawPointer {
        if let prepared { return UnsafeRawPointer(PackedWeights.floats(prepared)) }
        pack(context.input(input, as: Float.self), into: scratch)
        return UnsafeRawPointer(scratch)
    }

    func multiply(
        _ context: KernelContext, _ packed: UnsafeRawPointer, direction: Int, _ x: UnsafePointer<Float>, count: Int,
        into y: UnsafeMutablePointer<Float>, stride: Int, adding addend: RecurrentAddend, scratch: UnsafeMutablePointer<Float>
    ) {
        var end = apus_epilogue()
        switch addend {
        case .bias(let bias): end.column_bias = bias
        case .result: end.residual = UnsafePointer(y)
        }
        let weights = packed.assumingMemoryBound(to: Float.self) + direction * packedCount
        kernels.matrix.product_f32(y, stride, x, depth, weights, count, depth, rows, &end, scratch)
    }

    private func pack(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
        for direction in 0..<directionCount {
            let source = weights + (direction * rowsInAll + firstRow) * depth
            kernels.matrix.pack_right_f32(packed + direction * packedCount, source, 1, depth, depth, rows, 1)
        }
    }
}
