/// Codes of 2 or 4 bits side by side in bytes, as files hold them: the first element is in the lowest bits, and the last byte is
/// filled up with zeros.
///
/// - Source: `TensorProto.raw_data` and `int32_data` in `onnx.proto3`.
package enum PackedCodes {
    /// Bytes that hold `count` codes of `bitWidth` bits.
    package static func byteCount(_ count: Int, bitWidth: Int) -> Int {
        let perByte = 8 / bitWidth
        return count / perByte + (count % perByte == 0 ? 0 : 1)
    }

    /// Writes each code into a byte of its own; bits behind the last one are left out.
    ///
    /// - Precondition: `packed` holds as many codes as `target` has bytes.
    package static func unpack(
        _ packed: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, bitWidth: Int
    ) {
        let perByte = 8 / bitWidth, mask: UInt8 = 1 << UInt8(bitWidth) - 1
        for place in target.indices {
            unsafe target[place] = packed[place / perByte] >> UInt8(place % perByte * bitWidth) & mask
        }
    }

    /// The codes, one in each of `bytes`, side by side.
    package static func pack(_ bytes: UnsafeRawBufferPointer, bitWidth: Int) -> [UInt8] {
        let perByte = 8 / bitWidth
        var packed = [UInt8](repeating: 0, count: byteCount(bytes.count, bitWidth: bitWidth))
        for place in bytes.indices {
            packed[place / perByte] |= unsafe bytes[place] << UInt8(place % perByte * bitWidth)
        }
        return packed
    }
}
