import Tensors

/// The lines of a dense tensor along one axis: `outerCount` × `innerCount` of them, `extent` elements each,
/// `innerCount` elements from one element of a line to the next.
struct AxisLines: Sendable {
    let outerCount: Int
    let extent: Int
    let innerCount: Int

    /// - Parameter flattens: whether a line runs over all axes from `axis` on.
    /// - Precondition: `axis` lies in 0...rank, below the rank unless the tensor is a scalar or `flattens` holds.
    init(_ shape: Shape, axis: Int, flattens: Bool = false) {
        let end = flattens ? shape.rank : min(axis + 1, shape.rank)
        outerCount = shape.elementCount(in: 0..<axis)
        extent = shape.elementCount(in: axis..<end)
        innerCount = shape.elementCount(in: end..<shape.rank)
    }

    /// Calls `body` with the offset of each line's first element, in the order of a tensor without the axis.
    /// Lines without elements are not called.
    @inline(__always)
    func forEachLine(_ body: (Int) -> Void) {
        guard extent > 0 else { return }
        for outer in 0..<outerCount {
            for inner in 0..<innerCount { body(outer * extent * innerCount + inner) }
        }
    }

    /// Offsets of a line's elements.
    @inline(__always)
    func elements(from start: Int) -> StrideTo<Int> {
        stride(from: start, to: start + extent * innerCount, by: max(innerCount, 1))
    }
}
