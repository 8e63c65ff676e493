import GraphIR
import Tensors

/// Joins the parts that a loop's rounds gave along a new axis.
struct ScanOutput: Sendable {
    var axis = 0
    /// Whether the last round's part comes first.
    var isReversed = false

    /// - Parameters:
    ///   - parts: one a round, all of one shape.
    ///   - fact: what is known of a part when there is none; unknown extents become 0.
    func stack(_ parts: [Tensor], emptyLike fact: ValueFact?, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        guard let first = parts.first else { return try empty(fact, context) }
        for part in parts where part.spec != first.spec {
            throw .invalidValue("a scan output is \(first.spec) in one round and \(part.spec) in another; all rounds must agree")
        }
        guard let place = Shape.resolve(axis: axis, rank: first.shape.rank + 1) else {
            throw .invalidValue("axis \(axis) of a scan output is outside the rank \(first.shape.rank + 1) of the stacked parts")
        }
        var extents = first.shape.extents
        extents.insert(parts.count, at: place)
        let shape = try Shape(checked: extents, what: "a scan output")
        var strides = shape.strides
        let partStride = strides.remove(at: place)
        return try context.makeTensor(TensorSpec(first.elementType, shape)) { bytes in
            guard let target = bytes.baseAddress else { return }
            for (round, part) in parts.enumerated() {
                let copy = StridedCopy(
                    extents: part.shape.extents, sourceStrides: part.shape.strides, destinationStrides: strides,
                    elementByteCount: part.elementType.byteCount,
                    destinationOffset: (isReversed ? parts.count - 1 - round : round) * partStride)
                copy.run(from: UnsafeRawPointer(part.storage.baseAddress), to: target)
            }
        }
    }

    private func empty(_ fact: ValueFact?, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        guard let fact else { throw .invalidValue("ran no round, so the type of a scan output is not known") }
        var extents = fact.shape?.dimensions.map { $0.value ?? 0 } ?? []
        extents.insert(0, at: Shape.resolve(axis: axis, rank: extents.count + 1) ?? 0)
        return try context.makeTensor(TensorSpec(fact.elementType, try Shape(checked: extents, what: "a scan output"))) { _ in }
    }
}
