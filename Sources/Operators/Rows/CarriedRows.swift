import GraphIR

/// How the values that a loop hands from round to round depend on rows.
struct CarriedRows {
    /// Of the carried values before every round, and so after the last.
    let carried: [RowState]
    /// Of all outputs of the body.
    let results: [RowState]

    /// What holds in every round; nil when the rounds mix rows or a value carries rows only in some of them.
    ///
    /// - Parameters:
    ///   - first: the carried values before the first round.
    ///   - place: where the carried values are among the results.
    ///   - body: the states of the body's results from those of its carried inputs.
    init?(from first: [RowState], at place: Int, body: ([RowState]) -> [RowState]?) {
        var carried = first
        // Each further round makes at least one shared value a counted one.
        for _ in 0...first.count {
            guard let results = body(carried), results.count >= place + carried.count else { return nil }
            let next = zip(carried, results[place...]).compactMap(Self.join)
            guard next.count == carried.count else { return nil }
            if next == carried {
                self.carried = carried
                self.results = results
                return
            }
            carried = next
        }
        return nil
    }

    /// The state of a value that is one or the other; nil when it may carry rows or not.
    private static func join(_ left: RowState, _ right: RowState) -> RowState? {
        switch (left, right) {
        case _ where left == right: left
        case (.shared, .counted), (.counted, .shared): .counted
        default: nil
        }
    }
}

extension RowState {
    /// The state of parts that each have this state, stacked along a new axis `place`.
    func stacked(along place: Int) -> RowState {
        guard let axis else { return self }
        return .rows(axis: place <= axis ? axis + 1 : axis)
    }
}
