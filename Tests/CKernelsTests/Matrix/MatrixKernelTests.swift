import CKernels
import Testing

/// The matrix kernels as C sees them: row strides, in-place results and what lies beside them. Operators' tests cover shapes.
@Suite("Matrix kernels")
struct MatrixKernelTests {
    static let levels = [APUS_ISA_PORTABLE, APUS_ISA_NEON, APUS_ISA_AVX2, APUS_ISA_AVX512].filter { apus_kernels_for($0) != nil }

    private func kernels(_ level: apus_isa) throws -> apus_matrix_kernels { try #require(apus_kernels_for(level)).pointee.matrix }

    private func samples(_ count: Int, seed: Int = 1) -> [Float] {
        (0..<count).map { Float(($0 &* 7919 &+ seed &* 104_729) % 257 - 128) / 64 }
    }

    private func expectClose(_ found: [Float], _ expected: [Double], tolerance: Double, _ note: String) {
        #expect(found.count == expected.count, "\(note)")
        for (index, (value, wanted)) in zip(found, expected).enumerated() where !(abs(Double(value) - wanted) <= tolerance) {
            Issue.record("\(note): element \(index) is \(value), expected \(wanted)")
            return
        }
    }

    @Test("a product keeps to its rows and columns within wider matrices", arguments: levels)
    func strides(_ level: apus_isa) throws {
        let functions = try kernels(level), width = Int(try #require(apus_kernels_for(level)).pointee.vector_floats)
        let gap: Float = 12345
        for m in [1, 6, 7, 14, 15, 31] {
            for n in [1, width - 1, width, width + 1, 2 * width, 2 * width + 1, 5 * width] {
                for k in [1, 40, 300] {
                    let aStride = k + 3, cStride = n + 5
                    let a = samples(m * aStride), b = samples(k * n, seed: 2)
                    var packed = [Float](repeating: .nan, count: functions.packed_right_count(k, n))
                    functions.pack_right_f32(&packed, b, n, 1, k, n, 2)
                    var c = [Float](repeating: gap, count: m * cStride)
                    var scratch = [Float](repeating: .nan, count: functions.product_scratch_count(m, k, n) + 1)
                    var end = apus_epilogue()
                    functions.product_f32(&c, cStride, a, aStride, packed, m, k, n, &end, &scratch)
                    for i in 0..<m {
                        let expected = (0..<n).map { j in
                            (0..<k).reduce(0.0) { $0 + 2 * Double(a[i * aStride + $1]) * Double(b[$1 * n + j]) }
                        }
                        let row = Array(c[i * cStride..<i * cStride + n])
                        expectClose(row, expected, tolerance: 1e-4 * Double(k), "\(m)×\(k)×\(n), row \(i)")
                        #expect(c[i * cStride + n..<(i + 1) * cStride].allSatisfy { $0 == gap })
                    }
                    #expect(scratch.last?.isNaN == true)
                }
            }
        }
    }

    @Test("a right operand may be packed from its transpose", arguments: levels)
    func transposedPacking(_ level: apus_isa) throws {
        let functions = try kernels(level)
        for (k, n) in [(1, 1), (3, 7), (17, 33), (5, 64)] {
            let b = samples(k * n), transposed = (0..<n).flatMap { j in (0..<k).map { b[$0 * n + j] } }
            var straight = [Float](repeating: 0, count: functions.packed_right_count(k, n)), turned = straight
            functions.pack_right_f32(&straight, b, n, 1, k, n, 1)
            functions.pack_right_f32(&turned, transposed, 1, k, k, n, 1)
            #expect(straight == turned)
        }
    }

    @Test("an epilogue adds row bias, column bias and a residual in the result's own memory", arguments: levels)
    func epilogue(_ level: apus_isa) throws {
        let functions = try kernels(level)
        for (m, k, n) in [(1, 5, 40), (9, 20, 33), (16, 300, 65), (30, 700, 10)] {
            let a = samples(m * k), b = samples(k * n, seed: 2), columns = samples(n, seed: 3), rows = samples(m, seed: 4)
            let residual = samples(m * n, seed: 5)
            var packed = [Float](repeating: 0, count: functions.packed_right_count(k, n))
            functions.pack_right_f32(&packed, b, n, 1, k, n, 1)
            var scratch = [Float](repeating: 0, count: functions.product_scratch_count(m, k, n) + 1), c = residual
            c.withUnsafeMutableBufferPointer { c in
                columns.withUnsafeBufferPointer { columns in
                    rows.withUnsafeBufferPointer { rows in
                        var end = apus_epilogue(
                            column_bias: columns.baseAddress, row_bias: rows.baseAddress, residual: UnsafePointer(c.baseAddress),
                            activation: APUS_ACTIVATION_CLIP, alpha: -3, beta: 4)
                        functions.product_f32(c.baseAddress, n, a, k, packed, m, k, n, &end, &scratch)
                    }
                }
            }
            let expected = (0..<m * n).map { index in
                let (i, j) = (index / n, index % n)
                let sum = (0..<k).reduce(0.0) { $0 + Double(a[i * k + $1]) * Double(b[$1 * n + j]) }
                return min(max(sum + Double(columns[j]) + Double(rows[i]) + Double(residual[index]), -3), 4)
            }
            expectClose(c, expected, tolerance: 1e-4 * Double(k), "\(m)×\(k)×\(n)")
        }
    }

    @Test("normalisations may run in place at every width", arguments: levels)
    func inPlace(_ level: apus_isa) throws {
        let functions = try kernels(level), width = Int(try #require(apus_kernels_for(level)).pointee.vector_floats)
        for columns in [1, width - 1, width, width + 1, 2 * width, 2 * width + 1, 3 * width + 2] {
            let x = samples(3 * columns), scale = samples(columns, seed: 2), bias = samples(columns, seed: 3)
            var apart = [Float](repeating: 0, count: x.count), over = x
            functions.layer_norm_f32(&apart, x, scale, bias, 3, columns, 1e-3, nil, nil)
            over.withUnsafeMutableBufferPointer {
                functions.layer_norm_f32($0.baseAddress, $0.baseAddress, scale, bias, 3, columns, 1e-3, nil, nil)
            }
            #expect(apart == over)
            let expected = (0..<3).flatMap { row in
                let values = x[row * columns..<(row + 1) * columns].map(Double.init), mean = values.reduce(0, +) / Double(columns)
                let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
                return values.indices.map {
                    (values[$0] - mean) / (variance + 1e-3).squareRoot() * Double(scale[$0]) + Double(bias[$0])
                }
            }
            expectClose(apart, expected, tolerance: 1e-4, "\(columns) columns")
        }
    }

    @Test("rows of every width have the right mean and maximum", arguments: levels)
    func rows(_ level: apus_isa) throws {
        let functions = try kernels(level)
        for columns in 1...70 {
            let x = samples(2 * columns)
            var means = [Float](repeating: 0, count: 2), largest = means
            functions.mean_rows_f32(&means, x, 2, columns)
            functions.max_rows_f32(&largest, x, 2, columns)
            for row in 0..<2 {
                let values = x[row * columns..<(row + 1) * columns]
                #expect(largest[row] == values.max())
                #expect(abs(means[row] - values.reduce(0, +) / Float(columns)) < 1e-5)
            }
        }
    }
}
