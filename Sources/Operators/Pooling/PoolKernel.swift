import CKernels
import GraphIR
import Tensors

/// Windowed pooling, single precision.
struct PoolKernel: Kernel {
    private let kernels: KernelFunctions
    private let geometry: PoolingGeometry
    private let averages: Bool
    private let countsPadding: Bool

    static func compile(
        _ context: CompileContext, _ geometry: PoolingGeometry, averages: Bool, countsPadding: Bool
    ) -> CompiledOperator {
        let kernel = PoolKernel(
            kernels: context.functions, geometry: geometry, averages: averages, countsPadding: countsPadding)
        var shape = geometry.shape(countsPadding: countsPadding)
        let count = kernel.kernels.matrix.pooling_scratch_count(&shape)
        return CompiledOperator(kernel, scratchByteCount: ByteCount.of(Float.self, count))
    }

    func run(_ context: KernelContext) {
        var shape = geometry.shape(countsPadding: countsPadding)
        let x = context.input(0, as: Float.self), y = context.output(0, as: Float.self)
        let scratch = context.scratch.assumingMemoryBound(to: Float.self)
        if averages {
            kernels.matrix.average_pool_f32(y, x, &shape, scratch)
        } else {
            kernels.matrix.max_pool_f32(y, x, &shape, scratch)
        }
    }
}
