import CKernels
import Testing

/// Products of bytes against plain sums: every level gives the same integers.
@Suite("Integer products")
struct IntegerProductTests {
    struct Case {
        let m, k, n: Int
        let left, right: ByteSamples
        let leftZero: Int32
        let rightZeros: [UInt8]
        let bias: [Int32]

        init(m: Int, k: Int, n: Int, signs: (Bool, Bool), hasZeros: Bool, seed: UInt32) {
            (self.m, self.k, self.n) = (m, k, n)
            left = ByteSamples(m * k, isSigned: signs.0, seed: seed)
            right = ByteSamples(k * n, isSigned: signs.1, seed: seed &+ 1)
            leftZero = hasZeros ? ByteSamples.number(UInt8(truncatingIfNeeded: seed &* 37), signs.0) : 0
            rightZeros = hasZeros ? ByteSamples(n, isSigned: signs.1, seed: seed &+ 2).bytes : [UInt8](repeating: 0, count: n)
            bias = (0..<n).map { Int32($0 * 1000 - 3000) }
        }

        /// The sum of row `i` and column `j`.
        func sum(_ i: Int, _ j: Int) -> Int32 {
            let zero = ByteSamples.number(rightZeros[j], right.isSigned)
            return (0..<k).reduce(bias[j]) { $0 &+ (left[i * k + $1] - leftZero) &* (right[$1 * n + j] - zero) }
        }

        func prepared(_ kernels: apus_integer_kernels) -> PreparedWeights {
            let weights = PreparedWeights(byteCount: kernels.packed_count(1, k, n), places: PreparedWeights.padded(n, kernels))
            right.bytes.withUnsafeBufferPointer { bytes in
                guard let data = bytes.baseAddress else { return }
                var operand = apus_integer_right(
                    data: data, tap_stride: 0, channel_stride: n, column_stride: 1, is_signed: right.isSigned)
                kernels.pack(weights.address, &operand, 1, k, n)
            }
            for low in stride(from: 0, to: n, by: kernels.panel_columns) {
                let needs = kernels.prepare(
                    &weights.offsets, &weights.zeros, weights.address, 1, k, n, low, min(low + kernels.panel_columns, n), left.isSigned,
                    leftZero, rightZeros, 1, right.isSigned, bias)
                weights.needsZeros = weights.needsZeros || needs
            }
            return weights
        }

        /// Runs into `c`, whose rows are `stride` elements apart.
        func run(
            _ kernels: apus_integer_kernels, _ end: (UnsafePointer<Int32>, UnsafePointer<Int32>?) -> apus_integer_end,
            into c: UnsafeMutableRawPointer, stride: Int
        ) {
            let weights = prepared(kernels)
            var scratch = [UInt8](repeating: 0xAA, count: kernels.product_scratch_count(m, k) + 64)
            weights.offsets.withUnsafeBufferPointer { offsets in
                weights.zeros.withUnsafeBufferPointer { zeros in
                    left.bytes.withUnsafeBufferPointer { bytes in
                        guard let data = bytes.baseAddress, let offsets = offsets.baseAddress else { return }
                        var left = apus_integer_left(data: data, stride: k, is_signed: self.left.isSigned, zero: leftZero)
                        var end = end(offsets, weights.needsZeros ? zeros.baseAddress : nil)
                        kernels.product(c, stride, &left, weights.address, m, k, 0, n, &end, &scratch)
                    }
                }
            }
            #expect(scratch.suffix(64).allSatisfy { $0 == 0xAA }, "scratch beyond its end")
        }
    }

    @Test("give the sums of plain arithmetic, for every pairing of signs, with and without zero points", arguments: IntegerLevel.all)
    func sums(_ level: IntegerLevel) throws {
        let kernels = try level.kernels, width = kernels.panel_columns
        for m in [1, 2, 4, 5, 7, 14, 15, 29] {
            for k in [1, 3, 4, 5, 64, 131] {
                for n in [1, width / 2, width - 1, width, width + 1, 2 * width + 3] {
                    for signs in [(false, true), (true, true), (false, false), (true, false)] {
                        for hasZeros in [false, true] {
                            let test = Case(m: m, k: k, n: n, signs: signs, hasZeros: hasZeros, seed: UInt32(m * k + n))
                            let stride = n + 3
                            var c = [Int32](repeating: 12345, count: m * stride)
                            test.run(kernels, { Self.end(APUS_INTEGER_SUMS, $0, $1) }, into: &c, stride: stride)
                            let expected = (0..<m).flatMap { i -> [Int32] in (0..<n).map { test.sum(i, $0) } + [12345, 12345, 12345] }
                            #expect(c == expected, "\(m)×\(k)×\(n), signs \(signs), zeros \(hasZeros)")
                        }
                    }
                }
            }
        }
    }

    @Test("do not saturate where pairs of products pass 16 bits", arguments: IntegerLevel.all)
    func extremes(_ level: IntegerLevel) throws {
        let kernels = try level.kernels
        for (a, b) in [(255, 127), (255, 128), (0, 128), (128, 128)] as [(UInt8, UInt8)] {
            let k = 300, left = ByteSamples(k, isSigned: false, repeating: a), right = ByteSamples(k, isSigned: true, repeating: b)
            let test = Case(m: 1, k: k, n: 1, signs: (false, true), hasZeros: false, seed: 1).replacing(left, right)
            var c: [Int32] = [0]
            test.run(kernels, { Self.end(APUS_INTEGER_SUMS, $0, $1) }, into: &c, stride: 1)
            #expect(c == [left[0] * right[0] * Int32(k) - 3000], "\(a) · \(b)")
        }
    }

    @Test("round to the nearest byte, of two the even one, within limits", arguments: IntegerLevel.all)
    func bytes(_ level: IntegerLevel) throws {
        let kernels = try level.kernels
        for n in [5, kernels.panel_columns + 2] {
            let test = Case(m: 17, k: 9, n: n, signs: (false, true), hasZeros: true, seed: 4)
            // Powers of two make many sums fall between two integers.
            let factors = (0..<PreparedWeights.padded(n, kernels)).map { Float(sign: .plus, exponent: -8 - $0 % 4, significand: 1) }
            var c = [UInt8](repeating: 0, count: 17 * n)
            factors.withUnsafeBufferPointer { factors in
                test.run(
                    kernels,
                    { offsets, zeros in
                        var end = Self.end(APUS_INTEGER_BYTES, offsets, zeros)
                        end.factors = factors.baseAddress
                        (end.lowest, end.highest, end.zero) = (-20, 90, 20)
                        return end
                    }, into: &c, stride: n)
            }
            for i in 0..<17 {
                for j in 0..<n {
                    let value = min(max(Float(test.sum(i, j)) * factors[j], -20), 90).rounded(.toNearestOrEven)
                    #expect(c[i * n + j] == UInt8(Int(value) + 20), "row \(i), column \(j) of \(n)")
                }
            }
        }
    }

    static func end(
        _ result: apus_integer_result, _ offsets: UnsafePointer<Int32>, _ zeros: UnsafePointer<Int32>?
    ) -> apus_integer_end {
        apus_integer_end(
            result: result, offsets: offsets, right_zeros: zeros, factors: nil, bias: nil, addend: nil, addend_row: 0, addend_column: 0,
            residual: apus_integer_residual(), lowest: 0, highest: 0, zero: 0)
    }
}

extension IntegerProductTests.Case {
    private init(_ other: Self, _ left: ByteSamples, _ right: ByteSamples) {
        (m, k, n) = (other.m, other.k, other.n)
        (self.left, self.right) = (left, right)
        (leftZero, rightZeros, bias) = (other.leftZero, other.rightZeros, other.bias)
    }

    fileprivate func replacing(_ left: ByteSamples, _ right: ByteSamples) -> Self { Self(self, left, right) }
}
