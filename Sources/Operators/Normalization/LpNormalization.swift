import GraphIR
import Tensors

/// Each line along an axis, divided by its norm: the sum of the magnitudes, or the root of the sum of the squares.
///
/// - Shapes: any `x` with at least one axis → as `x`. Types: floating point. A line of zeros stays one.
/// - Source: ONNX operator LpNormalization, opsets 1 and 22.
struct LpNormalization: Operator {
    let axis: Int
    /// 1 or 2.
    let order: Int

    init(_ reader: AttributeReader) throws(OperatorError) {
        axis = try reader.integer("axis", default: -1)
        order = try reader.integer("p", default: 2)
        guard (1...2).contains(order) else { throw .invalidAttribute(name: "p", reason: "is \(order), expected 1 or 2") }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let x = try inputs.required(0, of: NormalizationInputs.elementTypes)
        if let rank = x.rank { _ = try Axes.resolve(axis, rank: rank) }
        return [ValueFact(x.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            inputs.linewise(along: [try Axes.resolve(axis, rank: inputs.extents(0)?.count ?? 0)])
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let x = try context.input(0)
            let lines = AxisLines(x.shape, axis: try Axes.resolve(axis, rank: x.shape.rank))
            return CompiledOperator(
                x.elementType == .float64 ? kernel(lines, Double.self) : kernel(lines, Float.self), inPlace: context.inPlace(0..<1))
        }
    }

    private func kernel<Scalar: FloatingScalar>(_ lines: AxisLines, _: Scalar.Type) -> LoopKernel {
        let isFirst = order == 1
        return LoopKernel { context in
            let x = context.input(0, as: Scalar.self), y = context.output(0, as: Scalar.self)
            lines.forEachLine { start in
                var sum = 0.0
                for at in lines.elements(from: start) { sum += isFirst ? Double(abs(x[at])) : Double(x[at]) * Double(x[at]) }
                let norm = isFirst ? sum : sum.squareRoot()
                for at in lines.elements(from: start) { y[at] = norm == 0 ? 0 : Scalar(Double(x[at]) / norm) }
            }
        }
    }
}
