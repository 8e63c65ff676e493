import GraphIR
import Tensors

/// How the parts that a loop's rounds gave are joined along a new axis.
struct ScanOutput: Sendable {
    var axis = 0
    /// Whether the last round's part comes first.
    var isReversed = false

    /// - Parameters:
    ///   - parts: one a round, all of one shape.
    ///   - fact: what is known of a part when there is none; unknown extents become 0.
    func stack(_ parts: [Tensor], emptyLike fact: ValueFact?, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        var joined = ScanParts(self, expectedCount: parts.count, isCertain: true)
        for part in parts { try joined.add(part.view, context) }
        return try joined.stacked(emptyLike: fact, context)
    }

    /// The first `count` of `parts` [n, part…], each of type `spec`, along the axis.
    func arranged(
        _ parts: Tensor, count: Int, _ spec: TensorSpec, _ context: EvaluationContext
    ) throws(OperatorError) -> Tensor {
        guard let place = Shape.resolve(axis: axis, rank: spec.shape.rank + 1) else {
            throw .invalidValue("axis \(axis) of a scan output is outside the rank \(spec.shape.rank + 1) of the stacked parts")
        }
        var extents = spec.shape.extents
        extents.insert(count, at: place)
        let shape = try Shape(checked: extents, what: "a scan output")
        var strides = shape.strides
        let partStride = strides.remove(at: place)
        return try context.makeTensor(TensorSpec(spec.elementType, shape)) { bytes in
            guard let target = bytes.baseAddress else { return }
            for round in 0..<count {
                let copy = StridedCopy(
                    extents: spec.shape.extents, sourceStrides: spec.shape.strides, destinationStrides: strides,
                    elementByteCount: spec.elementType.byteCount,
                    destinationOffset: (isReversed ? count - 1 - round : round) * partStride)
                copy.run(from: UnsafeRawPointer(parts.storage.baseAddress + round * spec.byteCount), to: target)
            }
        }
    }

    /// The output of a loop that ran no round.
    func empty(_ fact: ValueFact?, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        guard let fact else { throw .invalidValue("ran no round, so the type of a scan output is not known") }
        var extents = fact.shape?.dimensions.map { $0.value ?? 0 } ?? []
        extents.insert(0, at: Shape.resolve(axis: axis, rank: extents.count + 1) ?? 0)
        return try context.makeTensor(TensorSpec(fact.elementType, try Shape(checked: extents, what: "a scan output"))) { _ in }
    }
}
