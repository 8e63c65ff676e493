import GraphIR
import Tensors

/// How an index tensor of the data's rank addresses the data: each element's own position, with one axis replaced by
/// the index. GatherElements reads there, ScatterElements writes.
struct ElementIndexing: Sendable {
    /// Extents of the index tensor without its last axis, and what one step along each advances in the data.
    private let rowExtents: [Int]
    private let rowStrides: [Int]
    let rowCount: Int
    let rowLength: Int
    /// What one step along the last axis advances in the data; 0 when the index replaces that axis.
    let columnStride: Int
    let axisStride: Int
    let axisExtent: Int
    let axis: Int
    let indexType: ElementType

    /// - Precondition: the ranks are equal and at least 1, as `check` has found.
    init(data: Shape, indices: TensorSpec, axis: Int) {
        let strides = data.strides, last = data.rank - 1
        rowExtents = Array(indices.shape.extents[..<last])
        rowStrides = (0..<last).map { $0 == axis ? 0 : strides[$0] }
        rowCount = indices.shape.elementCount(in: 0..<last)
        rowLength = indices.shape[last]
        columnStride = axis == last ? 0 : 1
        axisStride = strides[axis]
        axisExtent = data[axis]
        self.axis = axis
        indexType = indices.elementType
    }

    /// Refuses index tensors that reach beyond the data on the axes that are not indexed.
    static func check(data: SymbolicShape, indices: SymbolicShape, axis: Int) throws(OperatorError) {
        guard data.rank == indices.rank else {
            throw .invalidInput(index: 1, reason: "has rank \(indices.rank), expected that of input 0, \(data.rank)")
        }
        for position in 0..<data.rank where position != axis {
            guard let wanted = indices[position].value, let extent = data[position].value else { continue }
            guard wanted <= extent else {
                throw .invalidInput(index: 1, reason: "has extent \(wanted) along axis \(position), input 0 has only \(extent)")
            }
        }
    }

    /// Calls `body` for every row of the index tensor with the row's number and the data offset of its first element
    /// (the indexed axis at 0).
    @inline(__always)
    func forEachRow(_ body: (_ row: Int, _ offset: Int) throws(OperatorError) -> Void) throws(OperatorError) {
        guard rowCount > 0, rowLength > 0 else { return }
        var failure: OperatorError?
        withUnsafeTemporaryAllocation(of: Int.self, capacity: max(rowExtents.count, 1)) { counter in
            counter.initialize(repeating: 0)
            var offset = 0
            for row in 0..<rowCount {
                do throws(OperatorError) { try body(row, offset) } catch {
                    failure = error
                    return
                }
                var axis = rowExtents.count - 1
                while axis >= 0 {
                    offset += rowStrides[axis]
                    counter[axis] += 1
                    if counter[axis] < rowExtents[axis] { break }
                    offset -= rowStrides[axis] * rowExtents[axis]
                    counter[axis] = 0
                    axis -= 1
                }
            }
        }
        if let failure { throw failure }
    }
}
