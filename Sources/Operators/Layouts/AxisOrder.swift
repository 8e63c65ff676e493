import GraphIR
import Tensors

/// The order of axes between channels-first and channels-last data.
enum AxisOrder {
    /// For each axis of channels-last data the axis of channels-first data that it is.
    static func toLast(rank: Int) -> [Int] { rank > 2 ? [0] + Array(2..<rank) + [1] : Array(0..<rank) }

    /// The inverse.
    static func toFirst(rank: Int) -> [Int] { rank > 2 ? [0, rank - 1] + Array(1..<rank - 1) : Array(0..<rank) }

    static func order(rank: Int, toLast: Bool) -> [Int] { toLast ? self.toLast(rank: rank) : toFirst(rank: rank) }

    /// Where an axis of channels-first data stands in channels-last data.
    static func place(of axis: Int, rank: Int) -> Int { toFirst(rank: rank)[axis] }
}

extension ValueFact {
    /// The same data with its channels last; its contents, if they are known, are not carried over.
    var channelsLast: ValueFact {
        guard let shape, shape.rank > 2 else { return ValueFact(elementType, shape) }
        return ValueFact(elementType, SymbolicShape(AxisOrder.toLast(rank: shape.rank).map { shape[$0] }))
    }
}

extension Tensor {
    /// The same data with its channels last, under a shape of `rank` axes: axes that the tensor lacks are 1 and stand before its own,
    /// as broadcasting has it.
    func channelsLast(rank: Int) throws(MemoryRefusal) -> Tensor {
        let shape = Shape([Int](repeating: 1, count: rank - self.shape.rank) + self.shape.extents)
        let order = AxisOrder.toLast(rank: rank), strides = shape.strides
        let result = Shape(order.map { shape[$0] })
        let copy = StridedCopy(
            extents: result.extents, sourceStrides: order.map { strides[$0] }, destinationStrides: result.strides,
            elementByteCount: elementType.byteCount)
        return try Tensor(TensorSpec(elementType, result)) { bytes in
            guard let target = bytes.baseAddress else { return }
            withExtendedLifetime(storage) { copy.run(from: storage.baseAddress, to: target) }
        }
    }
}
