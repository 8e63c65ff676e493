import Tensors

extension Tensor {
    /// Equal parts put behind one another along `axis`, as a batch holds them.
    init(joining parts: [Tensor], along axis: Int) throws {
        let shape = parts[0].shape, width = parts[0].elementType.byteCount
        let run = shape.elementCount(in: axis..<shape.rank) * width
        let contents = parts.map(\.bytes)
        let joined = (0..<shape.elementCount(in: 0..<axis)).flatMap { outer in
            contents.flatMap { $0[outer * run..<(outer + 1) * run] }
        }
        var extents = shape.extents
        extents[axis] *= parts.count
        try self.init(TensorSpec(parts[0].elementType, Shape(extents))) { $0.copyBytes(from: joined) }
    }

    /// Row `row` of `count` along `axis`.
    func block(_ row: Int, of count: Int, along axis: Int) throws -> Tensor {
        var extents = shape.extents
        extents[axis] /= count
        let part = Shape(extents)
        let run = part.elementCount(in: axis..<part.rank) * elementType.byteCount
        let all = bytes
        var chosen: [UInt8] = []
        for outer in 0..<part.elementCount(in: 0..<axis) {
            let start = (outer * count + row) * run
            chosen += all[start..<start + run]
        }
        return try Tensor(TensorSpec(elementType, part)) { $0.copyBytes(from: chosen) }
    }

    var bytes: [UInt8] { withBytes { Array($0) } }

    /// Whether both are the same but for rounding: a batch may be summed up in another order than a row.
    func isClose(to other: Tensor) -> Bool {
        guard spec == other.spec else { return false }
        return zip(numbers, other.numbers).allSatisfy { a, b in
            a == b || a.isNaN && b.isNaN || abs(a - b) <= 1e-5 * max(1, abs(b))
        }
    }
}
