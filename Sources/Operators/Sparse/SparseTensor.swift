import GraphIR
import Tensors

/// A sparse tensor as a dynamic operator reads it: places, the elements there, and the shape of the whole.
///
/// Valid only during the call. Every index lies inside the shape; the order is as the model has it.
struct SparseTensor {
    let table: IndexTable
    let values: ElementList
    let extents: [Int]

    var count: Int { table.rowCount }
    var rank: Int { extents.count }

    /// The sparse tensor that inputs `first`, `first + 1` and `first + 2` are.
    ///
    /// - Parameter layout: which inputs hold the indices, the values and the shape, when they do not follow each other.
    init(_ context: EvaluationContext, _ first: Int, layout: (values: Int, shape: Int)? = nil) throws(OperatorError) {
        let (valuesInput, shapeInput) = layout ?? (first + 1, first + 2)
        extents = try context.integers(shapeInput)
        guard extents.count <= Shape.maximumRank, extents.allSatisfy({ $0 >= 0 }) else {
            throw .invalidInput(index: shapeInput, reason: "is \(extents), which is no shape of a sparse tensor")
        }
        values = try context.elements(valuesInput)
        table = try IndexTable(context, first, width: extents.count)
        guard values.shape.rank == 1, values.count == table.rowCount else {
            throw .invalidInput(
                index: valuesInput, reason: "has shape \(values.shape), expected one value for each of \(table.rowCount) indices")
        }
        try table.checkBounds(extents, input: first)
    }

    init(table: IndexTable, values: ElementList, extents: [Int]) {
        self.table = table
        self.values = values
        self.extents = extents
    }

    /// The shape of the whole; refused when a dense tensor could not have it.
    func denseShape() throws(OperatorError) -> Shape {
        guard let shape = Shape(checking: extents) else { throw .invalidValue("\(extents) is no shape of a dense tensor") }
        return shape
    }

    /// Where the element at `place` lies in a dense tensor of shape `strides`' own.
    func offset(_ place: Int, _ strides: [Int]) -> Int {
        var offset = 0
        for axis in strides.indices { offset += table[place, axis] * strides[axis] }
        return offset
    }

    /// The places in row-major order of their indices; equal ones as they stand.
    func sortedPlaces() -> [Int] {
        let table = table, rank = rank
        if (1..<max(count, 1)).allSatisfy({ $0 >= count || !table.precedes($0, $0 - 1, rank) }) { return Array(0..<count) }
        return (0..<count).sorted { table.precedes($0, $1, rank) || !table.precedes($1, $0, rank) && $0 < $1 }
    }

    /// The indices of the elements that are next to each other and share them up to `axis`.
    func runs(along axis: Int) -> [(key: [Int], positions: Range<Int>)] {
        var runs: [(key: [Int], positions: Range<Int>)] = []
        for place in 0..<count {
            let key = (0..<axis).map { table[place, $0] }
            if let last = runs.last, last.key == key {
                runs[runs.count - 1].positions = last.positions.lowerBound..<place + 1
            } else {
                runs.append((key, place..<place + 1))
            }
        }
        return runs
    }
}

/// The indices of a sparse tensor in somebody's memory, int32 or int64.
struct IndexTable {
    private let base: UnsafeRawPointer
    private let isNarrow: Bool
    let rowCount: Int
    let width: Int

    /// - Parameter width: how many indices each row must have.
    init(_ context: EvaluationContext, _ index: Int, width: Int) throws(OperatorError) {
        let view = try context.required(index)
        guard view.elementType == .int64 || view.elementType == .int32, view.shape.rank == 2, view.shape[1] == width else {
            throw .invalidInput(index: index, reason: "is \(view.spec), expected rows of \(width) indices")
        }
        base = view.baseAddress
        isNarrow = view.elementType == .int32
        rowCount = view.shape[0]
        self.width = width
    }

    @inline(__always) subscript(row: Int, column: Int) -> Int {
        let place = row * width + column
        return isNarrow
            ? Int(base.load(fromByteOffset: place * 4, as: Int32.self)) : Int(base.load(fromByteOffset: place * 8, as: Int64.self))
    }

    func row(_ row: Int) -> [Int] { (0..<width).map { self[row, $0] } }

    /// Whether the first `count` indices of one row come before those of another.
    @inline(__always) func precedes(_ left: Int, _ right: Int, _ count: Int) -> Bool {
        for column in 0..<count {
            let a = self[left, column], b = self[right, column]
            if a != b { return a < b }
        }
        return false
    }

    func checkBounds(_ extents: [Int], input: Int) throws(OperatorError) {
        for row in 0..<rowCount {
            for column in 0..<width {
                let index = self[row, column]
                guard index >= 0, index < extents[column] else {
                    throw .invalidInput(
                        index: input, reason: "is out of bounds: index \(self.row(row)) in row \(row), the shape is \(extents)")
                }
            }
        }
    }

    /// Refuses rows that are repeated or not in row-major order.
    func checkOrder(input: Int) throws(OperatorError) {
        for row in 1..<max(rowCount, 1) where !precedes(row - 1, row, width) {
            let what = precedes(row, row - 1, width) ? "out of order; many sparse operators require sorted indices" : "repeated"
            throw .invalidInput(index: input, reason: "indices[\(row)] = \(self.row(row)) is \(what)")
        }
    }
}

extension EvaluationContext {
    /// The indices, values and shape of a sparse result; `indices` has as many numbers for each value as there are extents.
    func sparse(indices: [Int], values: RuntimeValue, count: Int, extents: [Int]) throws(OperatorError) -> [RuntimeValue] {
        [try integers(indices, [count, extents.count]), values, try integers(extents)]
    }
}

extension OperatorInputs {
    /// Refuses shapes of the inputs of a sparse tensor that cannot be right.
    ///
    /// - Returns: the rank, when it is known.
    @discardableResult
    func sparse(_ first: Int) throws(OperatorError) -> Int? {
        try integers(first)
        _ = try tensor(first + 1)
        if let rank = try listLength(first + 2) { return rank }
        guard let indices = try integers(first).shape, indices.rank == 2 else { return nil }
        return indices[1].value
    }

    /// The facts of a sparse result.
    static func sparse(_ type: ElementType, rank: Int?) -> [ValueFact] {
        let width: Dimension = rank.map(Dimension.known) ?? .unknown
        return [
            ValueFact(.int64, SymbolicShape([.unknown, width])), .list(type), ValueFact(.int64, SymbolicShape([width])),
        ]
    }
}
