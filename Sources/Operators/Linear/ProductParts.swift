import CKernels

/// How a product over packed weights is cut into parts: by rows of the result, or by panels of its columns where rows are few.
struct ProductParts: Sendable {
    private let rows: Int
    private let columns: Int
    private let cutsRows: Bool
    private let unit: Int
    private let split: PartSplit

    /// Rows of one unit: about what the tiles of every level take at once.
    private static let unitRows = 16

    init(rows: Int, steps: Int, columns: Int, _ kernels: KernelFunctions) {
        self.rows = rows
        self.columns = columns
        cutsRows = rows >= 4 * Self.unitRows
        unit = cutsRows ? Self.unitRows : kernels.matrix.panel_columns
        let extent = cutsRows ? rows : columns
        split = PartSplit(
            units: (extent + unit - 1) / unit, operations: Double(rows) * Double(columns) * Double(steps))
    }

    var count: Int { split.count }

    /// Rows and columns of the result that part `part` computes; columns begin at a panel.
    func part(_ part: Int) -> (rows: Range<Int>, columns: Range<Int>) {
        cutsRows
            ? (split.elements(of: part, unit: unit, total: rows), 0..<columns)
            : (0..<rows, split.elements(of: part, unit: unit, total: columns))
    }

    /// Floats of scratch that the largest part needs, and a run of the whole.
    func scratchCount(steps: Int, _ kernels: KernelFunctions) -> Int {
        var heights: Set<Int> = [rows]
        for index in 0..<count { heights.insert(part(index).rows.count) }
        return heights.map { kernels.matrix.product_scratch_count($0, steps, columns) }.max() ?? 0
    }
}
