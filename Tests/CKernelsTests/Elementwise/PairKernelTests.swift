import CKernels
import Testing

@Suite("Kernels over two operands")
struct PairKernelTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let kernel: @Sendable (apus_elementwise_kernels) -> apus_pair_f32
        let f: @Sendable (Float, Float) -> Float
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "add", kernel: { $0.add_f32 }, f: { $0 + $1 }), Case(name: "sub", kernel: { $0.sub_f32 }, f: { $0 - $1 }),
        Case(name: "mul", kernel: { $0.mul_f32 }, f: { $0 * $1 }), Case(name: "div", kernel: { $0.div_f32 }, f: { $0 / $1 }),
        Case(name: "min", kernel: { $0.min_f32 }, f: { $0.isNaN || $1.isNaN ? .nan : Swift.min($0, $1) }),
        Case(name: "max", kernel: { $0.max_f32 }, f: { $0.isNaN || $1.isNaN ? .nan : Swift.max($0, $1) }),
        Case(name: "prelu", kernel: { $0.prelu_f32 }, f: { $0 < 0 ? $0 * $1 : $0 }),
    ]

    /// Values with the special ones strewn in.
    static func values(_ count: Int, seed: Int) -> [Float] {
        let specials: [Float] = [.infinity, -.infinity, .nan, 0, -0.0]
        return (0..<count).map {
            ($0 + seed) % 11 == 3 ? specials[($0 + seed) % specials.count] : Float(($0 * 7 + seed) % 23) - 9.5
        }
    }

    @Test("follow every way that operands can move", arguments: cases)
    func walks(_ c: Case) {
        for table in KernelTables.available {
            for columns in KernelTables.counts(table) {
                for (rows, aRow, bRow, aColumn, bColumn) in [
                    (1, 0, 0, 1, 1), (3, columns, 0, 1, 1), (3, columns, 1, 1, 0), (3, 1, columns, 0, 1), (2, 1, 0, 0, 0),
                    (0, 0, 0, 1, 1),
                ] {
                    let a = Self.values(rows * max(columns, 1) + 3, seed: 1), b = Self.values(rows * max(columns, 1) + 3, seed: 5)
                    var walk = apus_pair_walk(
                        rows: rows, columns: columns, a_row: aRow, b_row: bRow, a_column: aColumn, b_column: bColumn)
                    var y = [Float](repeating: -77, count: rows * columns + 1)
                    c.kernel(table.pointee.elementwise)(&y, a, b, &walk)
                    for row in 0..<rows {
                        for i in 0..<columns {
                            let wanted = c.f(a[row * aRow + i * aColumn], b[row * bRow + i * bColumn]),
                                found = y[row * columns + i]
                            #expect(
                                found == wanted || found.isNaN && wanted.isNaN,
                                "\(KernelTables.name(table)) \(walk) [\(row), \(i)]")
                        }
                    }
                    #expect(y[rows * columns] == -77)
                }
            }
        }
    }
}
