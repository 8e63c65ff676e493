import CKernels
package import GraphIR
import Tensors

/// The mean or the largest element of each channel's plane.
///
/// - Shapes: `x` [N, C, spatial…] → [N, C, 1…].
/// - Source: ONNX operators GlobalAveragePool and GlobalMaxPool, opsets 1 and 22.
package struct GlobalPool: Operator {
    package enum Reduction: String, Sendable { case average = "GlobalAveragePool", maximum = "GlobalMaxPool" }

    package let reduction: Reduction
    package let layout: TensorLayout

    package init(_ reduction: Reduction, layout: TensorLayout = .channelsFirst) {
        self.reduction = reduction
        self.layout = layout
    }

    package var name: String { reduction.rawValue }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let x = try inputs.required(0, of: ElementTypes.floatingPoint)
        guard let shape = x.shape else { return [ValueFact(x.elementType, nil)] }
        try PoolingAttributes.checkRank(shape, maximum: Shape.maximumRank)
        let ones = [Dimension](repeating: .known(1), count: shape.rank - 2)
        return [ValueFact(x.elementType, layout.shape(batch: shape[0], channels: layout.channels(shape), spatial: ones))]
    }

    /// Images and channels are pooled one by one.
    package func rows(_ inputs: RowInputs) -> RowFlow { inputs.positionwise(along: layout.planeAxes(inputs)) }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context, compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0)
        if layout == .channelsLast {
            guard x.elementType == .float32 else { throw .unsupported("\(name) of \(x.elementType) over NHWC data") }
            let geometry = PoolingGeometry(plane: x.shape, layout: layout)
            return CompiledOperator(ChannelsLastPoolKernel(context, geometry, averages: reduction == .average))
        }
        let rows = x.shape[0] * layout.channels(x.shape), columns = layout.spatialCount(x.shape)
        switch x.elementType {
        case .float32: return CompiledOperator(GlobalPoolKernel(context.functions, reduction, rows, columns))
        case .float64: return CompiledOperator(PlainGlobalPool<Double>(reduction: reduction, rows: rows, columns: columns))
        default: throw .unsupported("\(name) of \(x.elementType)")
        }
    }
}

private struct GlobalPoolKernel: Kernel {
    private let kernels: KernelFunctions
    private let reduction: GlobalPool.Reduction
    private let rows: Int
    private let columns: Int

    init(_ kernels: KernelFunctions, _ reduction: GlobalPool.Reduction, _ rows: Int, _ columns: Int) {
        self.kernels = kernels
        self.reduction = reduction
        self.rows = rows
        self.columns = columns
    }

    func run(_ context: KernelContext) {
        let x = context.input(0, as: Float.self), y = context.output(0, as: Float.self)
        switch reduction {
        case .average: kernels.matrix.mean_rows_f32(y, x, rows, columns)
        case .maximum: kernels.matrix.max_rows_f32(y, x, rows, columns)
        }
    }
}

private struct PlainGlobalPool<Scalar: TensorScalar & BinaryFloatingPoint>: Kernel {
    let reduction: GlobalPool.Reduction
    let rows: Int
    let columns: Int

    func run(_ context: KernelContext) {
        let y = context.output(0, as: Scalar.self)
        for row in 0..<rows {
            let x = UnsafeBufferPointer(start: context.input(0, as: Scalar.self) + row * columns, count: columns)
            y[row] =
                switch reduction {
                case .average: x.reduce(0, +) / Scalar(columns)
                case .maximum: x.reduce(-.infinity) { $1 > $0 ? $1 : $0 }
                }
        }
    }
}
