import CKernels
import GraphIR
import Tensors

/// Rows of a weight input as packed right operands, one for each direction.
struct RecurrentMatrix: Sendable {
    /// The node's input: [directions, rows of all gates, depth].
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

    /// Whether the packed forms were made of constant weights, which are then not read while running.
    var isPrepared: Bool { prepared != nil }

    /// Floats of scratch for weights that come from data.
    var scratchCount: Int { prepared == nil ? totalCount : 0 }

    /// The packed forms, made in `scratch` unless they were made before.
    func packed(_ context: KernelContext, scratch: UnsafeMutablePointer<Float>) -> UnsafePointer<Float> {
        if let prepared { return PackedWeights.floats(prepared) }
        pack(context.input(input, as: Float.self), into: scratch)
        return UnsafePointer(scratch)
    }

    private func pack(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
        for direction in 0..<directionCount {
            let source = weights + (direction * rowsInAll + firstRow) * depth
            kernels.matrix.pack_right_f32(packed + direction * packedCount, source, 1, depth, depth, rows, 1)
        }
    }
}
