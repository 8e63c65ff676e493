import CPlatform
package import ServableCore

/// TensorFlow's record files: each record as its length, the length's checksum, the bytes and their checksum.
///
/// Source: tensorflow/core/lib/io/record_writer.h: uint64 length, uint32 masked CRC-32C of it, data, uint32 masked CRC-32C of the data,
/// all little-endian; a mask keeps checksums of checksums apart.
package enum TFRecord {
    /// The record in its frame.
    package static func framed(_ data: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(data.count), byteCount: 8)
        return length + littleEndian(UInt64(checksum(length[...])), byteCount: 4) + data
            + littleEndian(UInt64(checksum(data[...])), byteCount: 4)
    }

    /// Every record of a file.
    ///
    /// - Throws: `dataLoss` that names the record which is damaged or cut off.
    package static func records(in file: [UInt8]) throws(ServableError) -> [ArraySlice<UInt8>] {
        var records: [ArraySlice<UInt8>] = []
        var offset = 0
        while offset < file.count {
            let start = offset + 12
            guard start <= file.count, number(file[offset + 8..<start]) == UInt64(checksum(file[offset..<offset + 8])) else {
                throw damaged(records.count, offset, "its length does not have its checksum")
            }
            let length = number(file[offset..<offset + 8])
            guard length <= UInt64(file.count - start), file.count - start - Int(length) >= 4 else {
                throw damaged(records.count, offset, "it is cut off")
            }
            let data = file[start..<start + Int(length)], end = data.endIndex + 4
            guard number(file[data.endIndex..<end]) == UInt64(checksum(data)) else {
                throw damaged(records.count, offset, "its contents do not have their checksum")
            }
            records.append(data)
            offset = end
        }
        return records
    }

    private static func damaged(_ index: Int, _ offset: Int, _ reason: String) -> ServableError {
        ServableError(.dataLoss, "record \(index) at byte \(offset) is damaged: \(reason); expected a TFRecord file")
    }

    /// CRC-32C, rotated and moved.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        let plain = unsafe bytes.withUnsafeBytes { unsafe apus_crc32c(0, $0.baseAddress, $0.count) }
        return (plain >> 15 | plain << 17) &+ 0xA282_EAD8
    }

    private static func littleEndian(_ value: UInt64, byteCount: Int) -> [UInt8] {
        (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}
