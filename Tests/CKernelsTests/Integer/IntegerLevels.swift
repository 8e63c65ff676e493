import CKernels
import Testing

/// The integer kernels that this machine runs.
struct IntegerLevel: Sendable, CustomStringConvertible {
    let description: String
    private let table: @Sendable () -> UnsafePointer<apus_integer_kernels>?

    var kernels: apus_integer_kernels { get throws { try #require(table()).pointee } }

    static let all: [IntegerLevel] =
        [APUS_ISA_PORTABLE, APUS_ISA_NEON, APUS_ISA_AVX2, APUS_ISA_AVX512].map { isa in
            IntegerLevel(description: String(cString: apus_isa_name(isa))) { apus_kernels_for(isa)?.pointee.integer }
        }
        .filter { $0.table() != nil }
        + (apus_integer_kernels_without_vnni() == nil
            ? [] : [IntegerLevel(description: "avx2 without VNNI") { apus_integer_kernels_without_vnni() }])
}

/// Bytes without a pattern, the ends of their range among them, as they are read by a type.
struct ByteSamples {
    let bytes: [UInt8]
    let isSigned: Bool

    init(_ count: Int, isSigned: Bool, seed: UInt32) {
        var state = seed &* 2_654_435_761 &+ 12345
        bytes = (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            let byte = UInt8(truncatingIfNeeded: state >> 24)
            return byte % 5 == 0 ? 255 : byte % 7 == 0 ? 128 : byte
        }
        self.isSigned = isSigned
    }

    /// All the same.
    init(_ count: Int, isSigned: Bool, repeating byte: UInt8) {
        bytes = [UInt8](repeating: byte, count: count)
        self.isSigned = isSigned
    }

    subscript(place: Int) -> Int32 { Self.number(bytes[place], isSigned) }

    static func number(_ byte: UInt8, _ isSigned: Bool) -> Int32 { isSigned ? Int32(Int8(bitPattern: byte)) : Int32(byte) }
}

/// Packed weights and what is prepared for an end; memory for the kernels is aligned to 64 bytes.
final class PreparedWeights {
    let packed: UnsafeMutableRawBufferPointer
    var offsets: [Int32]
    var zeros: [Int32]
    var needsZeros = false

    init(byteCount: Int, places: Int) {
        packed = .allocate(byteCount: max(byteCount, 1), alignment: 64)
        offsets = [Int32](repeating: 0, count: places)
        zeros = offsets
    }

    deinit { packed.deallocate() }

    var address: UnsafeMutablePointer<UInt8> { packed.baseAddress!.assumingMemoryBound(to: UInt8.self) }

    static func padded(_ columns: Int, _ kernels: apus_integer_kernels) -> Int {
        (columns + kernels.panel_columns - 1) / kernels.panel_columns * kernels.panel_columns
    }
}
