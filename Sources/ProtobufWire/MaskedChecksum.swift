import CPlatform

/// CRC-32C as TensorFlow's files store it: masked, so that checksums of data that holds checksums stay sound.
///
/// Source: LevelDB `util/crc32c.h`: the mask is a rotation by 15 bits and the addition of a constant.
package struct MaskedChecksum {
    private var plain: UInt32 = 0

    package init() {}

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        plain = unsafe apus_crc32c(plain, bytes.baseAddress, bytes.count)
    }

    package mutating func append(_ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe append($0) } }

    /// Of all that was appended.
    package var value: UInt32 { (plain >> 15 | plain << 17) &+ 0xA282_EAD8 }

    package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var checksum = MaskedChecksum()
        unsafe checksum.append(bytes)
        return checksum.value
    }
}
