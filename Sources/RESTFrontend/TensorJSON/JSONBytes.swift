/// The bytes that JSON (RFC 8259) gives a meaning.
enum JSONBytes {
    /// RFC 8259 §2: space, tab, line feed, carriage return.
    @inline(__always)
    static func isWhitespace(_ byte: UInt8) -> Bool {
        byte <= 0x20 && (byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09)
    }

    /// Moves over whitespace; something else must follow before the text's end.
    @inline(__always)
    static func skipWhitespace(_ position: inout UnsafePointer<UInt8>) {
        while unsafe isWhitespace(position.pointee) { unsafe position += 1 }
    }

    /// The first position from `start` that holds a quotation mark, a backslash or a control character; `end` if none does.
    @inline(__always)
    static func skipPlainText(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
        var position = unsafe start
        let ones: UInt64 = 0x0101_0101_0101_0101, tops: UInt64 = 0x8080_8080_8080_8080
        while unsafe end - position >= 8 {
            let word = unsafe UInt64(littleEndian: UnsafeRawPointer(position).loadUnaligned(as: UInt64.self))
            let quotes = word ^ ones &* 0x22, backslashes = word ^ ones &* 0x5C
            // The top bit of every byte that is zero in the first two, or below 0x20 in the word; carries disturb only later bytes.
            let controls = (word &- ones &* 0x20) & ~word
            let found = ((quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes | controls) & tops
            guard found == 0 else { return unsafe position + found.trailingZeroBitCount / 8 }
            unsafe position += 8
        }
        while unsafe position < end, unsafe position.pointee >= 0x20, unsafe position.pointee != 0x22, unsafe position.pointee != 0x5C {
            unsafe position += 1
        }
        return unsafe position
    }

    /// What a backslash and this byte stand for; nil when they stand for nothing ("u" is not decided here).
    static func unescaped(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension JSONBytes {
    /// Whether the nearest double of a sound JSON number is infinite.
    static func isBeyondDouble(_ number: UnsafeBufferPointer<UInt8>) -> Bool {
        guard number.count <= 64, let source = number.baseAddress else {
            return unsafe ExactDecimal.bits(of: number, format: .binary64) == BinaryFormat.binary64.infinity
        }
        // The fast reader needs a text that ends with a brace.
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: number.count + 1) { copy in
            unsafe copy.baseAddress?.initialize(from: source, count: number.count)
            unsafe copy[number.count] = UInt8(ascii: "}")
            guard let text = unsafe SentinelText(UnsafeBufferPointer(copy)) else { return false }
            return unsafe DecimalToken.read(text.start, text.end)?.token.isBeyondDouble(number) ?? false
        }
    }
}

extension JSONBytes {
    /// The position behind `literal` when it stands at `position`.
    @inline(__always)
    static func after(
        _ literal: StaticString, _ position: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        let length = literal.utf8CodeUnitCount, bytes = unsafe literal.utf8Start
        guard unsafe length <= end - position else { return nil }
        guard length >= 8, length <= 16 else {
            for offset in 0..<length where unsafe position[offset] != bytes[offset] { return nil }
            return unsafe position + length
        }
        // Two words, which may overlap.
        let last = length &- 8
        let isEqual =
            unsafe DigitWords.load(position) == DigitWords.load(bytes) && DigitWords.load(position + last) == DigitWords.load(bytes + last)
        return unsafe isEqual ? position + length : nil
    }
}
