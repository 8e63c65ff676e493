/// A set of ASCII bytes as two words, so that membership is a shift and a mask.
struct ByteSet: Sendable {
    /// Bytes 0 to 63, then 64 to 127.
    let low: UInt64
    let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        return (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 != 0
    }

    /// tchar: letters, digits and !#$%&'*+-.^_`|~ (RFC 9110 §5.6.2).
    static let token = ByteSet(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE)

    /// What path and query may hold: unreserved, sub-delims and :@/?% (RFC 3986 §3.3, §3.4).
    static let target = ByteSet(low: 0xAFFF_FFF2_0000_0000, high: 0x47FF_FFFE_87FF_FFFF)

    /// What a registered name may hold: unreserved, sub-delims and % (RFC 3986 §3.2.2).
    static let registeredName = ByteSet(low: 0x2BFF_7FF2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
}

@inline(__always)
func isFieldValueByte(_ byte: UInt8) -> Bool {
    // field-vchar, SP and HTAB; obs-text (0x80 and above) is opaque (RFC 9110 §5.5).
    byte >= 0x20 && byte != 0x7F || byte == 0x09
}

@inline(__always)
func hexDigitValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

@inline(__always)
func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

extension Span<UInt8> {
    /// Compares byte for byte.
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount, text.hasPointerRepresentation else { return false }
        for index in 0..<count where unsafe self[index] != text.utf8Start[index] { return false }
        return true
    }

    /// Compares with `text`, which is in lower case, taking letters without their case.
    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount, text.hasPointerRepresentation else { return false }
        for index in 0..<count where unsafe lowercase(self[index]) != text.utf8Start[index] { return false }
        return true
    }
}

@inline(__always)
func lowercase(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}
