/// Base64 with the standard alphabet (RFC 4648 §4).
enum Base64 {
    /// The decoded bytes; whitespace is skipped and padding may be missing. Nil when it is no base64.
    static func decode(_ text: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0, digitCount = 0, paddingCount = 0
        for byte in text where !isSpace(byte) {
            if byte == UInt8(ascii: "=") {
                paddingCount += 1
                continue
            }
            guard paddingCount == 0, let value = digit(byte) else { return nil }
            bits = bits << 6 | UInt32(value)
            digitCount += 1
            if digitCount % 4 == 0 { append(bits, 3, to: &result) }
        }
        let rest = digitCount % 4
        guard rest != 1, paddingCount == 0 || paddingCount == (4 - rest) % 4 else { return nil }
        if rest > 1 {
            // Bits of the last digit that belong to no byte are zero.
            let unused = UInt32(rest == 2 ? 4 : 2)
            guard bits & (1 << unused - 1) == 0 else { return nil }
            append(bits << UInt32(6 * (4 - rest)), rest - 1, to: &result)
        }
        return result
    }

    /// The text of `bytes`, padded.
    static func encode(_ bytes: some Collection<UInt8>, _ append: (UInt8) -> Void) {
        var iterator = bytes.makeIterator()
        while let first = iterator.next() {
            let (second, third) = (iterator.next(), iterator.next())
            let bits = UInt32(first) << 16 | UInt32(second ?? 0) << 8 | UInt32(third ?? 0)
            append(alphabet(bits >> 18))
            append(alphabet(bits >> 12))
            append(second == nil ? UInt8(ascii: "=") : alphabet(bits >> 6))
            append(third == nil ? UInt8(ascii: "=") : alphabet(bits))
        }
    }

    private static func append(_ bits: UInt32, _ count: Int, to result: inout [UInt8]) {
        for shift in [16, 8, 0].prefix(count) { result.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift))) }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    private static func alphabet(_ bits: UInt32) -> UInt8 {
        let value = UInt8(bits & 63)
        return switch value {
        case 0..<26: value + UInt8(ascii: "A")
        case 26..<52: value - 26 + UInt8(ascii: "a")
        case 52..<62: value - 52 + UInt8(ascii: "0")
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }
}
