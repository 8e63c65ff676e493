/// TensorFlow's record files: each record as its length, the length's checksum, the data and their checksum.
///
/// Source: tensorflow/core/lib/io/record_writer.h: uint64 length, uint32 masked CRC-32C of it, data, uint32 masked CRC-32C of the data,
/// all little-endian; no compression.
package enum TFRecord {
    /// Why a file has no sound record where one should begin, as the end of a sentence that begins with the record.
    package struct Damage: Error {
        package let reason: String
    }

    private static let headByteCount = 12, footByteCount = 4

    /// The record in its frame.
    package static func framed(_ data: [UInt8]) -> [UInt8] {
        let length = bytes(UInt64(data.count))
        return length + bytes(checksum(length)) + data + bytes(checksum(data))
    }

    /// The record that begins at `offset` of `file`: where its data lie, and where the next one begins.
    ///
    /// - Precondition: `offset` is 0 or more, and not behind the end.
    package static func record(
        at offset: Int, in file: UnsafeRawBufferPointer
    ) throws(Damage) -> (data: Range<Int>, end: Int) {
        let available = file.count - offset
        guard available >= headByteCount else { throw Damage(reason: "is cut off within its length") }
        let length = unsafe integer(UInt64.self, at: offset, in: file)
        guard unsafe isSound(offset..<offset + 8, in: file) else { throw Damage(reason: "has a wrong checksum of its length") }
        guard length <= UInt64(max(0, available - headByteCount - footByteCount)) else {
            throw Damage(reason: "is cut off: it has \(length) bytes, \(available - headByteCount) are left")
        }
        let start = offset + headByteCount, data = start..<start + Int(length)
        guard unsafe isSound(data, in: file) else { throw Damage(reason: "has a wrong checksum of its data") }
        return (data, data.upperBound + footByteCount)
    }

    /// Whether the bytes have the checksum that follows them.
    private static func isSound(_ range: Range<Int>, in file: UnsafeRawBufferPointer) -> Bool {
        unsafe MaskedChecksum.of(UnsafeRawBufferPointer(rebasing: file[range])) == integer(UInt32.self, at: range.upperBound, in: file)
    }

    private static func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
        _: Integer.Type, at offset: Int, in file: UnsafeRawBufferPointer
    ) -> Integer {
        unsafe Integer(littleEndian: file.loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 { unsafe bytes.withUnsafeBytes { unsafe MaskedChecksum.of($0) } }

    private static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        unsafe withUnsafeBytes(of: number.littleEndian) { unsafe Array($0) }
    }
}
