import GraphIR
import Tensors

/// The shape rule of matrix products with broadcast leading axes, that of `numpy.matmul`.
enum ProductShape {
    /// The result's shape; nil while a rank is unknown.
    ///
    /// - Shapes: [..., M, K] · [..., K, N] → [..., M, N]; a vector on the left is a row, on the right a column, and its
    ///   axis is missing in the result.
    static func infer(_ left: SymbolicShape?, _ right: SymbolicShape?) throws(OperatorError) -> SymbolicShape? {
        for (index, shape) in [left, right].enumerated() where shape?.rank == 0 {
            throw .invalidInput(index: index, reason: "is a scalar, expected a vector, a matrix or a stack of matrices")
        }
        guard let left, let right else { return nil }
        let inner = right.rank == 1 ? right[0] : right[right.rank - 2]
        let steps = left[left.rank - 1]
        if let a = steps.value, let b = inner.value, a != b {
            throw .invalidInput(index: 1, reason: "is \(right), which does not fit \(left): \(a) columns meet \(b) rows")
        }
        let leftBatch = SymbolicShape(Array(left.dimensions.dropLast(2)))
        let rightBatch = SymbolicShape(Array(right.dimensions.dropLast(2)))
        guard var result = SymbolicShape.broadcast(leftBatch, rightBatch) else {
            throw .invalidInput(index: 1, reason: "is \(right), its leading axes do not broadcast with those of \(left)")
        }
        if left.rank > 1 { result.dimensions.append(left[left.rank - 2]) }
        if right.rank > 1 { result.dimensions.append(right[right.rank - 1]) }
        return result
    }
}

/// A stack of products of concrete size: which matrix meets which, and their extents.
struct ProductGeometry: Sendable {
    let rows: Int
    let steps: Int
    let columns: Int
    /// For each product the offset, in elements, of its left and its right matrix.
    let offsets: [(left: Int, right: Int)]
    /// Whether there is one right matrix, so that the rows of all products make one matrix.
    let sharesRight: Bool

    /// For shapes that `ProductShape.infer` has accepted.
    init(_ left: Shape, _ right: Shape) {
        steps = left[left.rank - 1]
        let rows = left.rank == 1 ? 1 : left[left.rank - 2]
        columns = right.rank == 1 ? 1 : right[right.rank - 1]
        let leftBatch = Array(left.extents.dropLast(2)), rightBatch = Array(right.extents.dropLast(2))
        sharesRight = rightBatch.allSatisfy { $0 == 1 }
        if sharesRight {
            self.rows = rows * leftBatch.reduce(1, *)
            offsets = [(0, 0)]
        } else {
            self.rows = rows
            offsets = Self.offsets(leftBatch, rightBatch, leftCount: rows * steps, rightCount: steps * columns)
        }
    }

    var leftCount: Int { rows * steps }
    var rightCount: Int { steps * columns }
    var resultCount: Int { rows * columns }

    private static func offsets(
        _ left: [Int], _ right: [Int], leftCount: Int, rightCount: Int
    ) -> [(left: Int, right: Int)] {
        let rank = max(left.count, right.count)
        // Without a product there is no pair, however many the other axes would make.
        if left.contains(0) || right.contains(0) { return [] }
        let left = [Int](repeating: 1, count: rank - left.count) + left
        let right = [Int](repeating: 1, count: rank - right.count) + right
        var result = [(left: 0, right: 0)]
        var leftStride = leftCount, rightStride = rightCount
        // From the last axis outwards, each axis repeats what stands so far.
        for axis in (0..<rank).reversed() {
            let extent = left[axis] == 1 ? right[axis] : left[axis]
            let inner = result
            result = (0..<extent).flatMap { index in
                inner.map { pair in
                    (
                        left: pair.left + (left[axis] == 1 ? 0 : index * leftStride),
                        right: pair.right + (right[axis] == 1 ? 0 : index * rightStride)
                    )
                }
            }
            leftStride *= left[axis]
            rightStride *= right[axis]
        }
        return result
    }
}
