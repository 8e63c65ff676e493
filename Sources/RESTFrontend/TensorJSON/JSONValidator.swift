/// Checks that a JSON value (RFC 8259, with the tokens NaN, Inf and Infinity) is sound, and finds its end.
///
/// Time is linear in the bytes and nesting needs one bit a level: no recursion. Every read is checked against the end, so the
/// text may stop anywhere. Borrows the memory of the text.
@safe struct JSONValidator {
    typealias Failure = JSONSyntaxError

    private let base: UnsafePointer<UInt8>
    private let count: Int
    private let maximumDepth: Int
    nonisolated(unsafe) private static let nothing = unsafe UnsafePointer(UnsafeMutablePointer<UInt8>.allocate(capacity: 1))

    init(_ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) {
        // An empty buffer may have no address; nothing is read from it then.
        unsafe base = bytes.baseAddress ?? Self.nothing
        count = bytes.count
        self.maximumDepth = maximumDepth
    }

    /// The byte at `offset`; 0, which stands nowhere in JSON, at the end.
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 { unsafe offset < count ? base[offset] : 0 }

    @inline(__always)
    func skipWhitespace(_ start: Int) -> Int {
        var offset = start
        while offset < count, unsafe JSONBytes.isWhitespace(base[offset]) { offset += 1 }
        return offset
    }

    /// The offset after the value that begins at `start` (whitespace may precede it).
    func skipValue(_ start: Int) throws(Failure) -> Int {
        var offset = skipWhitespace(start)
        var nesting = Nesting()
        while true {
            switch byte(offset) {
            case UInt8(ascii: "["):
                try open(.array, &nesting, offset)
                offset = skipWhitespace(offset + 1)
                guard byte(offset) == UInt8(ascii: "]") else { continue }
                nesting.close()
                offset += 1
            case UInt8(ascii: "{"):
                try open(.object, &nesting, offset)
                offset = skipWhitespace(offset + 1)
                guard byte(offset) == UInt8(ascii: "}") else {
                    offset = try skipName(offset)
                    continue
                }
                nesting.close()
                offset += 1
            default:
                offset = try skipScalar(offset)
            }
            guard try skipToNextValue(&offset, &nesting) else { return offset }
        }
    }

    /// From the end of a value to the next one; false, with `offset` after it, when the outermost value has ended.
    private func skipToNextValue(_ offset: inout Int, _ nesting: inout Nesting) throws(Failure) -> Bool {
        while nesting.depth > 0 {
            offset = skipWhitespace(offset)
            switch (nesting.innermost, byte(offset)) {
            case (.array, UInt8(ascii: ",")):
                offset = skipWhitespace(offset + 1)
                return true
            case (.object, UInt8(ascii: ",")):
                offset = try skipName(skipWhitespace(offset + 1))
                return true
            case (.array, UInt8(ascii: "]")), (.object, UInt8(ascii: "}")):
                nesting.close()
                offset += 1
            case (.array, _): throw Failure(reason: .missingCommaOrBracket, offset: offset)
            case (.object, _): throw Failure(reason: .missingCommaOrBrace, offset: offset)
            }
        }
        return false
    }

    private func open(_ kind: Nesting.Kind, _ nesting: inout Nesting, _ offset: Int) throws(Failure) {
        guard nesting.depth < maximumDepth else { throw Failure(reason: .tooDeep, offset: offset) }
        nesting.open(kind)
    }

    /// A member's name, colon and the whitespace around; the offset of its value.
    func skipName(_ start: Int) throws(Failure) -> Int {
        guard byte(start) == UInt8(ascii: "\"") else { throw Failure(reason: .missingName, offset: start) }
        return try skipColon(try skipString(start))
    }

    /// From the end of a member's name to its value.
    func skipColon(_ start: Int) throws(Failure) -> Int {
        let colon = skipWhitespace(start)
        guard byte(colon) == UInt8(ascii: ":") else { throw Failure(reason: .missingColon, offset: colon) }
        return skipWhitespace(colon + 1)
    }

    private func skipScalar(_ start: Int) throws(Failure) -> Int {
        switch byte(start) {
        case UInt8(ascii: "\""): return try skipString(start)
        case UInt8(ascii: "t"): return try skipLiteral("true", start)
        case UInt8(ascii: "f"): return try skipLiteral("false", start)
        case UInt8(ascii: "n"): return try skipLiteral("null", start)
        default: return try skipNumber(start)
        }
    }

    private func skipLiteral(_ literal: StaticString, _ start: Int) throws(Failure) -> Int {
        guard matches(literal, start) else { throw Failure(reason: .invalidValue, offset: start) }
        return start + literal.utf8CodeUnitCount
    }

    private func matches(_ literal: StaticString, _ start: Int) -> Bool {
        let length = literal.utf8CodeUnitCount
        guard length <= count - start else { return false }
        return (0..<length).allSatisfy { unsafe base[start + $0] == literal.utf8Start[$0] }
    }

    /// - Parameter start: the offset of the opening quotation mark.
    func skipString(_ start: Int) throws(Failure) -> Int {
        var offset = start + 1
        while true {
            offset = unsafe JSONBytes.skipPlainText(base + offset, base + count) - base
            guard offset < count, unsafe base[offset] != 0 else { throw Failure(reason: .missingQuote, offset: offset) }
            switch unsafe base[offset] {
            case UInt8(ascii: "\""): return offset + 1
            case UInt8(ascii: "\\"): offset = try skipEscape(offset)
            default: throw Failure(reason: .badEscape, offset: offset)
            }
        }
    }

    private func skipEscape(_ start: Int) throws(Failure) -> Int {
        guard byte(start + 1) == UInt8(ascii: "u") else {
            guard JSONBytes.unescaped(byte(start + 1)) != nil else { throw Failure(reason: .badEscape, offset: start) }
            return start + 2
        }
        let unit = try codeUnit(start)
        guard unit & 0xF800 == 0xD800 else { return start + 6 }
        guard unit < 0xDC00, byte(start + 6) == UInt8(ascii: "\\"), byte(start + 7) == UInt8(ascii: "u"),
            try codeUnit(start + 6) & 0xFC00 == 0xDC00
        else { throw Failure(reason: .badSurrogate, offset: start) }
        return start + 12
    }

    /// The four hex digits of the escape "\uXXXX" at `start`.
    private func codeUnit(_ start: Int) throws(Failure) -> UInt16 {
        var unit: UInt16 = 0
        for offset in start + 2..<start + 6 {
            guard let digit = JSONBytes.hexDigit(byte(offset)) else { throw Failure(reason: .badHexDigit, offset: start) }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    private func skipNumber(_ start: Int) throws(Failure) -> Int {
        var offset = byte(start) == UInt8(ascii: "-") ? start + 1 : start
        if matches("NaN", offset) { return offset + 3 }
        if matches("Inf", offset) {
            guard byte(offset + 3) == UInt8(ascii: "i") else { return offset + 3 }
            guard matches("Infinity", offset) else { throw Failure(reason: .invalidValue, offset: offset) }
            return offset + 8
        }
        let digits = skipDigits(offset)
        guard digits > offset else { throw Failure(reason: .invalidValue, offset: start) }
        // A zero stands alone: "01" is the value 0 and then something that does not belong there.
        offset = unsafe base[offset] == UInt8(ascii: "0") ? offset + 1 : digits
        if byte(offset) == UInt8(ascii: ".") {
            let fraction = skipDigits(offset + 1)
            guard fraction > offset + 1 else { throw Failure(reason: .missingFraction, offset: offset + 1) }
            offset = fraction
        }
        if byte(offset) | 0x20 == UInt8(ascii: "e") {
            let isNegative = byte(offset + 1) == UInt8(ascii: "-")
            let exponentStart = offset + (isNegative || byte(offset + 1) == UInt8(ascii: "+") ? 2 : 1)
            offset = skipDigits(exponentStart)
            guard offset > exponentStart else { throw Failure(reason: .missingExponent, offset: offset) }
            if !isNegative, offset - exponentStart > 2 { try requireDouble(start, offset) }
        }
        // Without an exponent of three digits, only a long number can be too big.
        if offset - start > 200 { try requireDouble(start, offset) }
        return offset
    }

    private func skipDigits(_ start: Int) -> Int {
        var offset = start
        while offset < count, unsafe base[offset] &- UInt8(ascii: "0") <= 9 { offset += 1 }
        return offset
    }

    /// A number that no double can hold is no number here.
    private func requireDouble(_ start: Int, _ end: Int) throws(Failure) {
        let text = unsafe UnsafeBufferPointer(start: base + start, count: end - start)
        guard unsafe !JSONBytes.isBeyondDouble(text) else { throw Failure(reason: .numberTooBig, offset: start) }
    }

    /// Which kinds of brackets are open, one bit each.
    private struct Nesting {
        enum Kind { case array, object }

        private var bits: [UInt64] = []
        private(set) var depth = 0
        /// The bits of the 64 levels around the innermost one; whole words below are in `bits`.
        private var word: UInt64 = 0

        var innermost: Kind { word & 1 == 0 ? .array : .object }

        mutating func open(_ kind: Kind) {
            if depth & 63 == 0, depth > 0 { bits.append(word) }
            word = word << 1 | (kind == .object ? 1 : 0)
            depth += 1
        }

        mutating func close() {
            word >>= 1
            depth -= 1
            if depth & 63 == 0, let last = bits.popLast() { word = last }
        }
    }
}
