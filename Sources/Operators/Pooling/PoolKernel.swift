import CKernels
import GraphIR
import Tensors

/// Windowed pooling, single precision.
struct PoolKernel: Kernel {
    private let kernels: MatrixKernels
    private let geometry: PoolingGeometry
    private let averages: Bool
    private let countsPadding: Bool

    static func compile(_ geometry: PoolingGeometry, averages: Bool, countsPadding: Bool) -> CompiledOperator {
        let kernel = PoolKernel(
            kernels: .current, geometry: geometry, averages: averages, countsPadding: countsPadding)
        var shape = geometry.shape(countsPadding: countsPadding)
        let count = kernel.kernels.functions.pooling_scratch_count(&shape)
        return CompiledOperator(kernel, scratchByteCount: count * MemoryLayout<Float>.stride)
    }

    func run(_ context: KernelContext) {
        var shape = geometry.shape(countsPadding: countsPadding)
        let x = context.input(0, as: Float.self), y = context.output(0, as: Float.self)
        let scratch = context.scratch.assumingMemoryBound(to: Float.self)
        if averages {
            kernels.functions.average_pool_f32(y, x, &shape, scratch)
        } else {
            kernels.functions.max_pool_f32(y, x, &shape, scratch)
        }
    }
}
