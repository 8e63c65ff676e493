package import GraphIR
import Tensors

/// Normalisation over the last axes by their own mean and variance, or (RMSNormalization) by their root mean square alone.
///
/// - Shapes: `x` [outer…, inner…] split at `axis`; `scale` and optional `bias` broadcast to [inner…] → y as `x`; on request the mean
///   and 1 / sqrt(variance + epsilon), each [outer…, 1…].
/// - Numerics: two passes over a row in its own element type.
/// - Source: ONNX operators LayerNormalization (opset 17) and RMSNormalization (opset 23).
package struct LayerNormalization: Operator {
    package let axis: Int
    package let epsilon: Float
    /// Whether the mean is taken off.
    let centres: Bool

    package init(axis: Int = -1, epsilon: Float = 1e-5, centres: Bool = true) {
        self.axis = axis
        self.epsilon = epsilon
        self.centres = centres
    }

    init(_ attributes: AttributeReader, centres: Bool) throws(OperatorError) {
        axis = try attributes.integer("axis", default: -1)
        epsilon = try NormalizationInputs.epsilon(attributes)
        self.centres = centres
    }

    package var name: String { centres ? "LayerNormalization" : "RMSNormalization" }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...(centres ? 3 : 2))
        let x = try inputs.required(0, of: NormalizationInputs.elementTypes)
        for index in 1..<inputs.count where inputs[index] != nil {
            _ = try inputs.required(index, of: [x.elementType])
        }
        let wanted = centres ? max(inputs.outputCount, 1) : 1
        guard let shape = x.shape else {
            return Array([ValueFact(x.type), ValueFact(.float32, nil), ValueFact(.float32, nil)].prefix(wanted))
        }
        let first = try resolve(rank: shape.rank)
        let inner = SymbolicShape(Array(shape.dimensions[first...]))
        for index in 1..<inputs.count { try checkParameter(inputs[index], index, inner) }
        let ones = [Dimension](repeating: .known(1), count: shape.rank - first)
        let statistics = ValueFact(.float32, SymbolicShape(Array(shape.dimensions[..<first]) + ones))
        if x.elementType == .float64, wanted > 1 { throw .unsupported("mean and deviation of float64 data as outputs") }
        return Array([ValueFact(x.type), statistics, statistics].prefix(wanted))
    }

    package func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            let rank = inputs.extents(0)?.count ?? 0
            return inputs.linewise(along: Array(try resolve(rank: rank)..<rank))
        }
    }

    private func resolve(rank: Int) throws(OperatorError) -> Int {
        guard let first = Shape.resolve(axis: axis, rank: rank) else {
            throw .invalidAttribute(name: "axis", reason: "is \(axis), expected -\(rank) to \(rank - 1) for data of \(rank) axes")
        }
        return first
    }

    private func checkParameter(_ fact: ValueFact?, _ index: Int, _ inner: SymbolicShape) throws(OperatorError) {
        guard let shape = fact?.shape else { return }
        // Leading ones beyond the normalised axes change nothing.
        let surplus = max(shape.rank - inner.rank, 0)
        let trailing = SymbolicShape(Array(shape.dimensions.dropFirst(surplus)))
        guard shape.dimensions.prefix(surplus).allSatisfy({ $0.value == 1 || $0.value == nil }),
            let joined = SymbolicShape.broadcast(inner, trailing),
            zip(joined.dimensions, inner.dimensions).allSatisfy({ $1.value == nil || $0 == $1 })
        else {
            throw .invalidInput(index: index, reason: "is \(shape), which does not broadcast to the normalised axes \(inner)")
        }
    }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context, compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0), first = try resolve(rank: x.shape.rank)
        if context.makesNothing { return .nothing }
        let inner = Shape(Array(x.shape.extents[first...]))
        let rows = RowNormalization(
            rows: x.shape.elementCount(in: 0..<first), columns: inner.elementCount, epsilon: epsilon, centres: centres,
            scale: RowParameter(input: 1, shape: try context.input(1).shape, inner: inner),
            bias: context.has(2) ? RowParameter(input: 2, shape: try context.input(2).shape, inner: inner) : nil,
            statistics: context.outputs.count - 1)
        let inPlace = [InPlace(output: 0, input: 0)]
        switch x.elementType {
        case .float32:
            return CompiledOperator(
                RowNormKernel(context.functions, rows), scratchByteCount: ByteCount.of(Float.self, rows.spreadCount), inPlace: inPlace)
        case .float64:
            return CompiledOperator(
                PlainRowNormKernel<Double>(rows: rows), scratchByteCount: ByteCount.of(Double.self, rows.spreadCount),
                inPlace: inPlace)
        default: throw .unsupported("\(name) of \(x.elementType)")
        }
    }
}
