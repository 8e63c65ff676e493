import CKernels
package import GraphIR
import Tensors

/// The largest element under each window.
///
/// - Shapes: `x` [N, C, spatial…] → [N, C, spatial…], and on request the same shape of int64 indices into the flattened `x`.
/// - Numerics: padding never wins; the first of equal elements gives the index.
/// - Source: ONNX operator MaxPool, opsets 1, 8, 10, 11, 12 and 22.
package struct MaxPool: Operator {
    var attributes: PoolingAttributes
    /// Whether indices count column-major over the spatial axes (`storage_order` 1).
    var countsColumnsFirst = false

    init(_ attributes: AttributeReader) throws(OperatorError) {
        self.attributes = try PoolingAttributes(attributes)
        countsColumnsFirst = try attributes.flag("storage_order", default: false)
    }

    package init(attributes: PoolingAttributes, countsColumnsFirst: Bool = false) {
        self.attributes = attributes
        self.countsColumnsFirst = countsColumnsFirst
    }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let x = try inputs.required(0, of: ElementTypes.floatingPoint.union([.int8, .uint8]))
        let shape = try attributes.shape(x.shape)
        return Array([ValueFact(x.elementType, shape), ValueFact(.int64, shape)].prefix(max(inputs.outputCount, 1)))
    }

    /// Images and channels are pooled one by one, but indices count from the first image on.
    package func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.outputs.count == 1 else { return .mixed("returns indices that count through all rows") }
        return inputs.positionwise(along: attributes.layout.planeAxes(inputs))
    }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context, compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0)
        let geometry = try attributes.geometry(x.shape, output: context.outputs[0].shape)
        let wantsIndices = context.outputs.count > 1
        if attributes.layout == .channelsLast {
            guard x.elementType == .float32, !wantsIndices else { throw .unsupported("MaxPool of \(x.elementType) over NHWC data") }
            return CompiledOperator(ChannelsLastPoolKernel(context, geometry, averages: false))
        }
        switch x.elementType {
        case .float32 where !wantsIndices: return PoolKernel.compile(context, geometry, averages: false, countsPadding: false)
        case .float32: return plain(Float.self, geometry, wantsIndices)
        case .float64: return plain(Double.self, geometry, wantsIndices)
        case .int8: return plain(Int8.self, geometry, wantsIndices)
        case .uint8: return plain(UInt8.self, geometry, wantsIndices)
        default: throw .unsupported("MaxPool of \(x.elementType)")
        }
    }

    private func plain<Scalar: PoolingScalar>(
        _: Scalar.Type, _ geometry: PoolingGeometry, _ wantsIndices: Bool
    ) -> CompiledOperator {
        CompiledOperator(
            PlainMaxPool<Scalar>(geometry: geometry, wantsIndices: wantsIndices, countsColumnsFirst: countsColumnsFirst))
    }
}

/// Maximum pooling element by element: any type, with indices on request.
private struct PlainMaxPool<Scalar: PoolingScalar>: Kernel {
    let geometry: PoolingGeometry
    let wantsIndices: Bool
    let countsColumnsFirst: Bool

    func run(_ context: KernelContext) {
        let g = geometry
        var y = context.output(0, as: Scalar.self)
        var indices = wantsIndices ? context.output(1, as: Int64.self) : nil
        for plane in 0..<g.planes {
            let x = context.input(0, as: Scalar.self) + plane * g.inputCount
            for depth in 0..<g.output.0 {
                for row in 0..<g.output.1 {
                    for column in 0..<g.output.2 {
                        let (value, index) = largest(x, depth, row, column)
                        y.pointee = value
                        y += 1
                        indices?.pointee = Int64(index < 0 ? -1 : plane * g.inputCount + index)
                        indices = indices.map { $0 + 1 }
                    }
                }
            }
        }
    }

    /// The largest element under a window and its index in the plane; an empty window has index -1.
    private func largest(_ x: UnsafePointer<Scalar>, _ depth: Int, _ row: Int, _ column: Int) -> (Scalar, Int) {
        var best = Scalar.lowest, index = -1
        geometry.forEachElement(depth: depth, row: row, column: column) { offset, at in
            guard index < 0 || x[offset] > best else { return }
            best = x[offset]
            index = countsColumnsFirst ? columnsFirst(at) : offset
        }
        return (best, index)
    }

    private func columnsFirst(_ at: (Int, Int, Int)) -> Int {
        (at.2 * geometry.input.1 + at.1) * geometry.input.0 + at.0
    }
}

/// A type whose elements can be compared, with the one that loses every comparison.
protocol PoolingScalar: TensorScalar, Comparable {
    static var lowest: Self { get }
}

extension Float: PoolingScalar { static var lowest: Float { -.infinity } }
extension Double: PoolingScalar { static var lowest: Double { -.infinity } }
extension Int8: PoolingScalar { static var lowest: Int8 { .min } }
extension UInt8: PoolingScalar { static var lowest: UInt8 { .min } }
