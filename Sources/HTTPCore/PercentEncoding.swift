/// Percent-encoding of targets (RFC 3986 §2.1).
package enum PercentEncoding {
    /// Whether every "%" is followed by two hex digits.
    static func isWellFormed(_ bytes: Span<UInt8>) -> Bool {
        var at = 0
        while let percent = firstIndex(of: UInt8(ascii: "%"), in: bytes, from: at) {
            guard percent + 2 < bytes.count, hexDigitValue(bytes[percent + 1]) != nil, hexDigitValue(bytes[percent + 2]) != nil
            else { return false }
            at = percent + 3
        }
        return true
    }

    /// The decoded text of a part of a target; nil when it is malformed or not UTF-8. "+" stays "+".
    package static func decode(_ bytes: UnsafeRawBufferPointer) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        let source = unsafe bytes.assumingMemoryBound(to: UInt8.self).span
        guard isWellFormed(source) else { return nil }
        var at = 0
        while at < source.count {
            if source[at] == UInt8(ascii: "%"), let high = hexDigitValue(source[at + 1]), let low = hexDigitValue(source[at + 2]) {
                decoded.append(high << 4 | low)
                at += 3
            } else {
                decoded.append(source[at])
                at += 1
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    /// A text as one segment of a path: whatever is not unreserved (RFC 3986 §2.3) is encoded.
    package static func encode(segment: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let bytes = segment.utf8.flatMap { byte -> [UInt8] in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: [byte]
            default: [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
