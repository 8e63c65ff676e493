package import GraphIR
import Tensors

/// (x − mean) / (deviation + 10⁻⁹) with mean and deviation over chosen axes.
///
/// - Shapes: any `x` → as `x`.
/// - Source: ONNX operator MeanVarianceNormalization, opsets 1 (axes [0, 2, 3] or [2, 3]), 9 and 13.
package struct MeanVarianceNormalization: Operator {
    let axes: [Int]
    /// Opset 1 may leave the variance as it is.
    let scales: Bool

    package init(axes: [Int] = [0, 2, 3], scales: Bool = true) {
        self.axes = axes
        self.scales = scales
    }

    init(_ attributes: AttributeReader) throws(OperatorError) {
        if attributes.version < 9 {
            axes = try attributes.flag("across_channels", default: false) ? [1, 2, 3] : [2, 3]
            scales = try attributes.flag("normalize_variance", default: true)
        } else {
            axes = try attributes.integers("axes") ?? [0, 2, 3]
            scales = true
        }
    }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let x = try inputs.required(0, of: NormalizationInputs.elementTypes)
        if let rank = x.rank { _ = try resolve(rank: rank) }
        return [ValueFact(x.type)]
    }

    package func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            let chosen = try resolve(rank: inputs.extents(0)?.count ?? 0)
            return inputs.linewise(along: chosen.indices.filter { chosen[$0] })
        }
    }

    /// For each axis of the data, whether it is normalised over.
    private func resolve(rank: Int) throws(OperatorError) -> [Bool] {
        var chosen = [Bool](repeating: false, count: rank)
        for axis in axes {
            guard let resolved = Shape.resolve(axis: axis, rank: rank) else {
                throw .invalidAttribute(
                    name: "axes", reason: "holds \(axis), expected -\(rank) to \(rank - 1) for data of \(rank) axes")
            }
            chosen[resolved] = true
        }
        return chosen
    }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context, compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0), chosen = try resolve(rank: x.shape.rank)
        if context.makesNothing { return .nothing }
        let strides = x.shape.strides
        func offsets(_ isChosen: Bool) -> [Int] {
            var result = [0]
            for axis in 0..<x.shape.rank where chosen[axis] == isChosen {
                result = result.flatMap { start in (0..<x.shape[axis]).map { start + $0 * strides[axis] } }
            }
            return result
        }
        let outer = offsets(false), inner = offsets(true)
        switch x.elementType {
        case .float32:
            return CompiledOperator(
                ScatteredNormKernel<Float>(outer: outer, inner: inner, scales: scales), inPlace: [InPlace(output: 0, input: 0)])
        case .float64:
            return CompiledOperator(
                ScatteredNormKernel<Double>(outer: outer, inner: inner, scales: scales), inPlace: [InPlace(output: 0, input: 0)])
        default: throw .unsupported("MeanVarianceNormalization of \(x.elementType)")
        }
    }
}

/// Normalises sets of elements that lie `inner` apart, one set for each of `outer`.
private struct ScatteredNormKernel<Scalar: TensorScalar & BinaryFloatingPoint>: Kernel {
    let outer: [Int]
    let inner: [Int]
    let scales: Bool

    func run(_ context: KernelContext) {
        outer.withUnsafeBufferPointer { outer in
            inner.withUnsafeBufferPointer { inner in
                for start in outer {
                    normalize(context.input(0, as: Scalar.self) + start, context.output(0, as: Scalar.self) + start, inner)
                }
            }
        }
    }

    private func normalize(_ x: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>, _ offsets: UnsafeBufferPointer<Int>) {
        var sum = 0.0, squares = 0.0
        for offset in offsets { sum += Double(x[offset]) }
        let mean = sum / Double(offsets.count)
        for offset in offsets { squares += (Double(x[offset]) - mean) * (Double(x[offset]) - mean) }
        let divisor = scales ? (squares / Double(offsets.count)).squareRoot() + 1e-9 : 1
        for offset in offsets { y[offset] = Scalar((Double(x[offset]) - mean) / divisor) }
    }
}
