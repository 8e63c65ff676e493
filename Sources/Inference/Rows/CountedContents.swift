import GraphIR
import Tensors

extension Tensor {
    /// How contents that follow from the number of rows depend on it, when they are these for `rowCount` rows and `one` for a single
    /// row: not at all, by one equal block for each row along an axis (the zeros that a recurrent network begins with), or
    /// otherwise.
    func rowState(beside one: Tensor, rowCount: Int) -> RowState {
        if hasEqualContents(one) { return .shared }
        guard elementType == one.elementType, shape.rank == one.shape.rank else { return .counted }
        let differing = shape.extents.indices.filter { shape[$0] != one.shape[$0] }
        guard let axis = differing.first, differing.count == 1, shape[axis] == rowCount * one.shape[axis],
            repeats(one, rowCount, along: axis)
        else { return .counted }
        return .rows(axis: axis)
    }

    /// Whether these are the contents of `one`, `count` times along `axis`.
    private func repeats(_ one: Tensor, _ count: Int, along axis: Int) -> Bool {
        let blockByteCount = one.shape.elementCount(in: axis..<one.shape.rank) * elementType.byteCount
        let outerCount = one.shape.elementCount(in: 0..<axis)
        return unsafe withBytes { many in
            unsafe one.withBytes { single in
                for outer in 0..<outerCount {
                    let block = unsafe single[outer * blockByteCount..<(outer + 1) * blockByteCount]
                    for index in 0..<count {
                        let start = (outer * count + index) * blockByteCount
                        guard unsafe many[start..<start + blockByteCount].elementsEqual(block) else { return false }
                    }
                }
                return true
            }
        }
    }
}
