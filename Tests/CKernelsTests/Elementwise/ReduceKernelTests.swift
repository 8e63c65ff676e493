import CKernels
import Foundation
import Testing

@Suite("Reduction kernels")
struct ReduceKernelTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let start: Float
        let rows: @Sendable (apus_reduce_kernels) -> apus_reduce_f32
        let columns: @Sendable (apus_reduce_kernels) -> apus_reduce_f32
        let join: @Sendable (Double, Double) -> Double
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "sum", start: 3, rows: { $0.sum_rows_f32 }, columns: { $0.sum_columns_f32 }, join: { $0 + $1 }),
        Case(
            name: "sum of magnitudes", start: 3, rows: { $0.sum_magnitudes_rows_f32 }, columns: { $0.sum_magnitudes_columns_f32 },
            join: { $0 + abs($1) }),
        Case(
            name: "sum of squares", start: 3, rows: { $0.sum_squares_rows_f32 }, columns: { $0.sum_squares_columns_f32 },
            join: { $0 + $1 * $1 }),
        Case(name: "product", start: 2, rows: { $0.product_rows_f32 }, columns: { $0.product_columns_f32 }, join: { $0 * $1 }),
        Case(name: "min", start: 0.75, rows: { $0.min_rows_f32 }, columns: { $0.min_columns_f32 }, join: { min($0, $1) }),
        Case(name: "max", start: 0.75, rows: { $0.max_rows_f32 }, columns: { $0.max_columns_f32 }, join: { max($0, $1) }),
    ]

    @Test("join rows and columns to what the result already holds", arguments: cases)
    func matrices(_ c: Case) {
        for table in KernelTables.available {
            for columns in KernelTables.counts(table) {
                for rows in [0, 1, 2, 5, 300] {
                    let x = (0..<rows * columns).map(Self.value)
                    var byRow = [Float](repeating: c.start, count: rows) + [-77]
                    var byColumn = [Float](repeating: c.start, count: columns) + [-77]
                    c.rows(table.pointee.reduce)(&byRow, x, rows, columns)
                    c.columns(table.pointee.reduce)(&byColumn, x, rows, columns)
                    let note = "\(KernelTables.name(table)) \(rows) × \(columns)"
                    for r in 0..<rows {
                        let wanted = (0..<columns).reduce(Double(c.start)) { c.join($0, Double(x[r * columns + $1])) }
                        #expect(Self.isClose(byRow[r], wanted, columns), "\(note), row \(r): \(byRow[r]), expected \(wanted)")
                    }
                    for i in 0..<columns {
                        let wanted = (0..<rows).reduce(Double(c.start)) { c.join($0, Double(x[$1 * columns + i])) }
                        #expect(
                            Self.isClose(byColumn[i], wanted, rows), "\(note), column \(i): \(byColumn[i]), expected \(wanted)")
                    }
                    #expect(byRow[rows] == -77 && byColumn[columns] == -77, "\(note)")
                }
            }
        }
    }

    /// Numbers around ±1, so that products of many stay in range.
    private static func value(_ index: Int) -> Float {
        let magnitude = Float(index * 37 % 64 + 40) / 72
        return index % 3 == 0 ? -magnitude : magnitude
    }

    private static func isClose(_ found: Float, _ wanted: Double, _ count: Int) -> Bool {
        abs(Double(found) - wanted) <= Double(count + 4) * 0x1p-23 * max(abs(wanted), 1)
    }
}
