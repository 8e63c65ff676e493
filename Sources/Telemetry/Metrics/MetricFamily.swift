import Synchronization

/// A metric with its label sets; each set has a cell, looked up once and then kept by whoever writes to it.
package final class MetricFamily<Cell: Sendable>: Sendable {
    package let description: MetricDescription
    private let makeCell: @Sendable () -> Cell
    /// Counts the look-ups that found no room.
    private let overflow: Counter
    private let cells = Mutex<[[String]: Cell]>([:])

    /// Label values may come from clients (names of models that do not exist): beyond this many sets, new ones share one
    /// cell whose label values are all `_other`.
    static var maximumCellCount: Int { 10_000 }

    init(_ description: MetricDescription, overflow: Counter, makeCell: @escaping @Sendable () -> Cell) {
        self.description = description
        self.overflow = overflow
        self.makeCell = makeCell
    }

    /// The cell of a label set, made on first use.
    /// - Parameter values: one for each of the description's label names, in their order.
    package func cell(_ values: String...) -> Cell { cell(values) }

    package func cell(_ values: [String]) -> Cell {
        precondition(values.count == description.labelNames.count, "\(description.name) has other labels")
        return cells.withLock { cells in
            if let cell = cells[values] { return cell }
            let isFull = cells.count >= Self.maximumCellCount
            if isFull { overflow.increment() }
            let key = isFull ? Array(repeating: "_other", count: values.count) : values
            if isFull, let cell = cells[key] { return cell }
            let cell = makeCell()
            cells[key] = cell
            return cell
        }
    }

    /// Forgets label sets, for example of a version that is gone; a handle to such a cell stays usable but is not shown.
    /// - Parameter isGone: called with the values of each set, under the family's lock.
    package func removeCells(where isGone: ([String]) -> Bool) {
        cells.withLock { cells in
            for values in cells.keys where isGone(values) { cells[values] = nil }
        }
    }

    /// All cells, in the order of their label values.
    package var snapshot: [(labels: [String], cell: Cell)] {
        cells.withLock { cells in cells.map { ($0.key, $0.value) } }
            .sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
    }
}
