import CPlatform

/// CRC-32C as TensorFlow's files store it: masked, so that checksums of data that holds checksums stay sound.
///
/// Source: LevelDB `util/crc32c.h`: the mask is a rotation by 15 bits and the addition of a constant.
struct Checksum {
    private(set) var value: UInt32 = 0

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        value = unsafe apus_crc32c(value, bytes.baseAddress, bytes.count)
    }

    mutating func append(_ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe append($0) } }

    var masked: UInt32 { (value >> 15 | value << 17) &+ 0xA282_EAD8 }

    static func masked(of bytes: UnsafeRawBufferPointer) -> UInt32 {
        var checksum = Checksum()
        unsafe checksum.append(bytes)
        return checksum.masked
    }
}
