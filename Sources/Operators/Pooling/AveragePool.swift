package import GraphIR
import Tensors

/// The mean of the elements under each window.
///
/// - Shapes: `x` [N, C, spatial…] → [N, C, spatial…].
/// - Numerics: a window divides by its elements inside the input, with `count_include_pad` also by those in the padding, never by
///   those that `ceil_mode` lets reach beyond it.
/// - Source: ONNX operator AveragePool, opsets 1, 7, 10, 11, 19 and 22.
package struct AveragePool: Operator {
    var attributes: PoolingAttributes
    var countsPadding = false

    init(_ attributes: AttributeReader) throws(OperatorError) {
        self.attributes = try PoolingAttributes(attributes)
        countsPadding = try attributes.flag("count_include_pad", default: false)
    }

    package init(attributes: PoolingAttributes, countsPadding: Bool = false) {
        self.attributes = attributes
        self.countsPadding = countsPadding
    }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let x = try inputs.required(0, of: ElementTypes.floatingPoint)
        return [ValueFact(x.elementType, try attributes.shape(x.shape))]
    }

    /// Images and channels are pooled one by one.
    package func rows(_ inputs: RowInputs) -> RowFlow { inputs.positionwise(along: attributes.layout.planeAxes(inputs)) }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context, compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0)
        let geometry = try attributes.geometry(x.shape, output: context.outputs[0].shape)
        if attributes.layout == .channelsLast {
            guard x.elementType == .float32 else { throw .unsupported("AveragePool of \(x.elementType) over NHWC data") }
            return CompiledOperator(ChannelsLastPoolKernel(context, geometry, averages: true, countsPadding: countsPadding))
        }
        switch x.elementType {
        case .float32: return PoolKernel.compile(context, geometry, averages: true, countsPadding: countsPadding)
        case .float64: return CompiledOperator(PlainAveragePool<Double>(geometry: geometry, countsPadding: countsPadding))
        default: throw .unsupported("AveragePool of \(x.elementType)")
        }
    }
}

/// Average pooling element by element.
private struct PlainAveragePool<Scalar: TensorScalar & BinaryFloatingPoint>: Kernel {
    let geometry: PoolingGeometry
    let countsPadding: Bool

    func run(_ context: KernelContext) {
        let g = geometry
        var y = context.output(0, as: Scalar.self)
        for plane in 0..<g.planes {
            let x = context.input(0, as: Scalar.self) + plane * g.inputCount
            for depth in 0..<g.output.0 {
                for row in 0..<g.output.1 {
                    for column in 0..<g.output.2 {
                        var sum: Scalar = 0, inside = 0
                        g.forEachElement(depth: depth, row: row, column: column) { offset, _ in
                            sum += x[offset]
                            inside += 1
                        }
                        let count = countsPadding ? g.countWithPadding(depth: depth, row: row, column: column) : inside
                        y.pointee = sum / Scalar(count)
                        y += 1
                    }
                }
            }
        }
    }
}

extension PoolingGeometry {
    /// Window elements that lie in the input or its padding.
    func countWithPadding(depth: Int, row: Int, column: Int) -> Int {
        func count(_ output: Int, _ stride: Int, _ dilation: Int, _ kernel: Int, _ extent: Int) -> Int {
            (0..<kernel).count { output * stride + $0 * dilation < extent }
        }
        return count(depth, stride.0, dilation.0, kernel.0, pad.0 + input.0 + padEnd.0)
            * count(row, stride.1, dilation.1, kernel.1, pad.1 + input.1 + padEnd.1)
            * count(column, stride.2, dilation.2, kernel.2, pad.2 + input.2 + padEnd.2)
    }
}
