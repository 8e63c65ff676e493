import GraphIR

extension RowInputs {
    /// Rows are the entries of a batch: each lies along one axis of every input that has a batch, and gives the same entry of each
    /// output.
    ///
    /// - Parameters:
    ///   - data: inputs that carry the rows when they are there.
    ///   - broadcast: inputs that carry the rows, or have one entry for all.
    ///   - axes: the axis of the batch in inputs where it is not the first.
    ///   - results: the axis of the batch in the outputs where it is not the first.
    func batchwise(
        data: Set<Int>, broadcast: Set<Int> = [], axes: [Int: Int] = [:], results: [Int: Int] = [:]
    ) -> RowFlow {
        for index in states.indices {
            guard let state = self[index] else { continue }
            let place = axes[index] ?? 0
            if data.contains(index) || broadcast.contains(index) {
                if state.axis == place { continue }
                guard state.axis == nil, broadcast.contains(index), let extents = extents(index), place < extents.count,
                    extents[place] == 1
                else { return .mixed(RowReason.crossed) }
            } else if state != .shared {
                return .mixed(RowReason.parameter)
            }
        }
        return .states(outputs.indices.map { .rows(axis: results[$0] ?? 0) })
    }
}
