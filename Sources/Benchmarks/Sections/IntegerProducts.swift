import CKernels
import Operators

/// The product of bytes with a right operand packed ahead, against our own product of floats of the same extents: an operation counts
/// as one on either side.
struct IntegerProduct: Comparison {
    let m, k, n: Int

    static let section = Section(
        title: "Integer products", summary: "bytes to bytes against packed floats, rows × steps × columns", unit: .gigaoperations,
        comparisons: [
            IntegerProduct(m: 1, k: 2_048, n: 1_000), IntegerProduct(m: 49, k: 2_048, n: 512), IntegerProduct(m: 128, k: 384, n: 1_536),
            IntegerProduct(m: 784, k: 512, n: 128), IntegerProduct(m: 3_136, k: 64, n: 256),
        ])

    var name: String { "\(m)×\(k)×\(n)" }

    func measure(by race: Race) throws -> Outcome {
        let level = try InstructionSet.requested().functions
        let candidate = PackedByteProduct(level.pointee.integer.pointee, m: m, k: k, n: n)
        let reference = PackedProduct(
            level, a: FloatMemory.samples(count: m * k), b: FloatMemory.samples(count: k * n), m: m, k: k, n: n)
        candidate.run()
        try candidate.check()
        return Outcome(pace: try race.run(candidate: candidate.run, reference: reference.run), work: 2 * m * k * n)
    }
}

/// c [m, n] = a [m, k] · b [k, n] in bytes, a unsigned and b signed, b packed when it is made.
private final class PackedByteProduct {
    private let kernels: apus_integer_kernels
    private let m, k, n: Int
    private let a, b: [UInt8]
    private let packed: UnsafeMutableRawBufferPointer
    private var c, scratch: [UInt8]
    private var offsets, zeros: [Int32]
    private let factors: [Float]

    private static let factor: Float = 1.0 / 4096

    init(_ kernels: apus_integer_kernels, m: Int, k: Int, n: Int) {
        self.kernels = kernels
        (self.m, self.k, self.n) = (m, k, n)
        a = (0..<m * k).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) }
        b = (0..<k * n).map { UInt8(truncatingIfNeeded: $0 &* 104_729 >> 5) }
        c = [UInt8](repeating: 0, count: m * n)
        let places = (n + kernels.panel_columns - 1) / kernels.panel_columns * kernels.panel_columns
        offsets = [Int32](repeating: 0, count: places)
        zeros = offsets
        factors = [Float](repeating: Self.factor, count: places)
        scratch = [UInt8](repeating: 0, count: kernels.product_scratch_count(m, k))
        packed = .allocate(byteCount: kernels.packed_count(1, k, n), alignment: 64)
        let target = packed.baseAddress!.assumingMemoryBound(to: UInt8.self)
        b.withUnsafeBufferPointer { b in
            guard let data = b.baseAddress else { return }
            var right = apus_integer_right(data: data, tap_stride: 0, channel_stride: n, column_stride: 1, is_signed: true)
            kernels.pack(target, &right, 1, k, n)
        }
        _ = kernels.prepare(&offsets, &zeros, target, 1, k, n, 0, n, false, 128, nil, 0, true, nil)
    }

    deinit { packed.deallocate() }

    func run() {
        a.withUnsafeBufferPointer { a in
            offsets.withUnsafeBufferPointer { offsets in
                factors.withUnsafeBufferPointer { factors in
                    guard let data = a.baseAddress, let offsets = offsets.baseAddress else { return }
                    var left = apus_integer_left(data: data, stride: k, is_signed: false, zero: 128)
                    var end = apus_integer_end(
                        result: APUS_INTEGER_BYTES, offsets: offsets, right_zeros: nil, factors: factors.baseAddress, bias: nil,
                        addend: nil, addend_row: 0, addend_column: 0, residual: apus_integer_residual(), lowest: -128, highest: 127,
                        zero: 128)
                    kernels.product(
                        &c, n, &left, packed.baseAddress!.assumingMemoryBound(to: UInt8.self), m, k, 0, n, &end, &scratch)
                }
            }
        }
    }

    /// Refuses to go on when the first row is wrong.
    func check() throws {
        for column in 0..<n {
            let sum = (0..<k).reduce(Int32(0)) { $0 + (Int32(a[$1]) - 128) * Int32(Int8(bitPattern: b[$1 * n + column])) }
            let value = min(max(Float(sum) * Self.factor, -128), 127).rounded(.toNearestOrEven) + 128
            guard Float(c[column]) == value else {
                throw InvalidComparison(description: "column \(column) is \(c[column]), expected \(value)")
            }
        }
    }
}
