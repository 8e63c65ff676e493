import GraphIR

/// An operand as it broadcasts: its extents, aligned from the last on, and the axis among them that carries rows.
struct RowOperand {
    let extents: [Int]
    let axis: Int?

    init(extents: [Int], axis: Int?) {
        self.extents = extents
        self.axis = axis
    }

    /// Input `index` with ones appended to its extents; nil when it is absent or of unknown shape.
    init?(_ inputs: RowInputs, _ index: Int, trailingOnes: Int = 0) {
        guard let extents = inputs.extents(index) else { return nil }
        self.init(extents: extents + [Int](repeating: 1, count: trailingOnes), axis: inputs.axis(index))
    }
}

extension RowInputs {
    /// Inputs `indices`, those that are there, broadcast to one result.
    func broadcast(_ indices: Range<Int>) -> RowFlow { broadcast(indices.compactMap { RowOperand(self, $0) }) }

    /// Operands broadcast to one result, each element of which follows from the elements at its place.
    ///
    /// All rows must come to lie along one axis of the result, and what is the same for every request must have one position
    /// there, so that it does not matter which position a row has.
    func broadcast(_ operands: [RowOperand]) -> RowFlow {
        guard hasKnownShapes else { return .mixed(RowReason.unknown) }
        let rank = operands.map(\.extents.count).max() ?? 0
        let axes = Set(operands.compactMap { operand in operand.axis.map { $0 + rank - operand.extents.count } })
        guard let axis = axes.first else { return .all(.shared, of: self) }
        guard axes.count == 1 else { return .mixed(RowReason.crossed) }
        var rowExtents: Set<Int> = []
        for operand in operands {
            let place = axis - (rank - operand.extents.count)
            let extent = place >= 0 ? operand.extents[place] : 1
            if operand.axis != nil {
                rowExtents.insert(extent)
            } else if extent != 1 {
                return .mixed(RowReason.positional)
            }
        }
        return rowExtents.count == 1 ? .rows(axis: axis, of: self) : .mixed(RowReason.crossed)
    }
}
