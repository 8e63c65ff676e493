import CKernels
import GraphIR
import Tensors

/// A reduction of float32 elements by the C kernels, matrix by matrix.
///
/// The result begins as the value that changes nothing; every matrix of the walk is joined to its part of it; at the end
/// each result is finished by itself.
struct FloatReduction: Kernel {
    private let walk: ReductionWalk
    private let start: Float
    private let rows: apus_reduce_f32
    private let columns: apus_reduce_f32
    private let finish: Finish

    private enum Finish: Sendable {
        case nothing
        case scale(Float, apus_parametric_map_f32)
        case map(apus_map_f32)
    }

    static func compile(
        _ function: Reduce.Function, _ walk: ReductionWalk, _ functions: KernelFunctions
    ) -> CompiledOperator {
        if function == .logSumExp {
            let byteCount = ByteCount.of(Float.self, walk.resultCount)
            return CompiledOperator(LogSumExp(walk, functions), scratchByteCount: byteCount)
        }
        return CompiledOperator(FloatReduction(function, walk, functions))
    }

    private init(_ function: Reduce.Function, _ walk: ReductionWalk, _ functions: KernelFunctions) {
        self.walk = walk
        let reduce = functions.reduce, maps = functions.elementwise
        start = function == .product ? 1 : function == .maximum ? -.infinity : function == .minimum ? .infinity : 0
        (rows, columns) =
            switch function {
            case .sum, .mean, .logSum, .logSumExp: (reduce.sum_rows_f32, reduce.sum_columns_f32)
            case .product: (reduce.product_rows_f32, reduce.product_columns_f32)
            case .maximum: (reduce.max_rows_f32, reduce.max_columns_f32)
            case .minimum: (reduce.min_rows_f32, reduce.min_columns_f32)
            case .l1: (reduce.sum_magnitudes_rows_f32, reduce.sum_magnitudes_columns_f32)
            case .l2, .sumOfSquares: (reduce.sum_squares_rows_f32, reduce.sum_squares_columns_f32)
            }
        finish =
            switch function {
            // An empty group divides 0 by 0.
            case .mean: .scale(walk.reducedCount == 0 ? .nan : 1 / Float(walk.reducedCount), maps.affine_f32)
            case .l2: .map(maps.sqrt_f32)
            case .logSum: .map(maps.log_f32)
            default: .nothing
            }
    }

    func run(_ context: KernelContext) {
        let x = context.input(0, as: Float.self), y = context.output(0, as: Float.self)
        y.update(repeating: start, count: walk.resultCount)
        let kernel = walk.isInnermostReduced ? rows : columns
        if walk.reducedCount > 0, walk.resultCount > 0 {
            walk.forEachMatrix { input, result in kernel(y + result, x + input, walk.rows, walk.columns) }
        }
        switch finish {
        case .nothing: break
        case .scale(let factor, let kernel): kernel(y, y, walk.resultCount, factor, 0)
        case .map(let kernel): kernel(y, y, walk.resultCount)
        }
    }
}

/// ln Σ eˣ in two walks: the maxima into scratch memory, then the sums of exponentials relative to them.
private struct LogSumExp: Kernel {
    private let walk: ReductionWalk
    private let maximum: apus_reduce_f32
    private let sum: apus_shifted_reduce_f32
    private let logarithm: apus_map_f32

    init(_ walk: ReductionWalk, _ functions: KernelFunctions) {
        self.walk = walk
        let reduce = functions.reduce
        maximum = walk.isInnermostReduced ? reduce.max_rows_f32 : reduce.max_columns_f32
        sum = walk.isInnermostReduced ? reduce.sum_exponentials_rows_f32 : reduce.sum_exponentials_columns_f32
        logarithm = functions.elementwise.log_f32
    }

    func run(_ context: KernelContext) {
        let x = context.input(0, as: Float.self), y = context.output(0, as: Float.self)
        let shift = context.scratch.assumingMemoryBound(to: Float.self)
        let walk = walk, count = walk.resultCount
        y.update(repeating: 0, count: count)
        shift.update(repeating: -.infinity, count: count)
        if walk.reducedCount > 0, count > 0 {
            walk.forEachMatrix { input, result in maximum(shift + result, x + input, walk.rows, walk.columns) }
            // An infinite maximum would make inf − inf; without a shift the exponentials are 0 and inf as they should be.
            for i in 0..<count where shift[i].isInfinite { shift[i] = 0 }
            walk.forEachMatrix { input, result in sum(y + result, x + input, shift + result, walk.rows, walk.columns) }
        }
        logarithm(y, y, count)
        for i in 0..<count where shift[i].isFinite { y[i] += shift[i] }
    }
}
