/// Text from outside made safe for a log: what it says stays readable, and it can neither end its line or its quotes
/// nor drive a terminal.
struct LogText {
    /// How bytes are written that are no printable character of well-formed UTF-8.
    enum Escapes {
        /// `\x1b`, for lines of text.
        case hex
        /// `\u001b`, and `\\xff` for bytes that JSON has no notation for (RFC 8259 §7).
        case json
    }

    private static let hexDigits: StaticString = "0123456789abcdef"

    let escapes: Escapes

    /// Appends `source` without quotes around it; double quotes and backslashes in it are escaped.
    func append(_ source: UnsafeRawBufferPointer, to buffer: inout ByteBuffer) {
        var plainStart = 0
        var at = 0
        while at < source.count {
            let byteCount = unsafe Self.characterByteCount(source, at)
            if byteCount > 0 {
                at += byteCount
                continue
            }
            unsafe buffer.append(UnsafeRawBufferPointer(rebasing: source[plainStart..<at]))
            unsafe appendEscaped(source[at], to: &buffer)
            at += 1
            plainStart = at
        }
        unsafe buffer.append(UnsafeRawBufferPointer(rebasing: source[plainStart...]))
    }

    func append(_ text: String, to buffer: inout ByteBuffer) {
        var text = text
        text.withUTF8 { utf8 in unsafe append(UnsafeRawBufferPointer(utf8), to: &buffer) }
    }

    private func appendEscaped(_ byte: UInt8, to buffer: inout ByteBuffer) {
        switch (byte, escapes) {
        case (UInt8(ascii: "\""), _): buffer.append("\\\"")
        case (UInt8(ascii: "\\"), _): buffer.append("\\\\")
        case (..<0x80, .json): appendHex(byte, after: "\\u00", to: &buffer)
        case (_, .json): appendHex(byte, after: "\\\\x", to: &buffer)
        case (_, .hex): appendHex(byte, after: "\\x", to: &buffer)
        }
    }

    private func appendHex(_ byte: UInt8, after prefix: StaticString, to buffer: inout ByteBuffer) {
        buffer.append(prefix)
        unsafe buffer.append(Self.hexDigits.utf8Start[Int(byte >> 4)])
        unsafe buffer.append(Self.hexDigits.utf8Start[Int(byte & 15)])
    }

    /// Bytes of the character at `index` if it may be written as it is; 0 when its first byte has to be escaped.
    private static func characterByteCount(_ source: UnsafeRawBufferPointer, _ index: Int) -> Int {
        let first = unsafe source[index]
        if first < 0x80 {
            let isPlain = first >= 0x20 && first < 0x7F && first != UInt8(ascii: "\"") && first != UInt8(ascii: "\\")
            return isPlain ? 1 : 0
        }
        let byteCount: Int
        var scalar: UInt32
        switch first {
        case 0xC2...0xDF: (byteCount, scalar) = (2, UInt32(first & 0x1F))
        case 0xE0...0xEF: (byteCount, scalar) = (3, UInt32(first & 0x0F))
        case 0xF0...0xF4: (byteCount, scalar) = (4, UInt32(first & 0x07))
        default: return 0
        }
        guard byteCount <= source.count - index else { return 0 }
        for offset in 1..<byteCount {
            let next = unsafe source[index + offset]
            guard next & 0xC0 == 0x80 else { return 0 }
            scalar = scalar << 6 | UInt32(next & 0x3F)
        }
        return isWritable(scalar, byteCount: byteCount) ? byteCount : 0
    }

    /// Whether a decoded character is well formed (RFC 3629 §3) and neither a control nor an end of a line.
    private static func isWritable(_ scalar: UInt32, byteCount: Int) -> Bool {
        switch byteCount {
        case 2: scalar >= 0xA0
        case 3: scalar >= 0x800 && !(0xD800...0xDFFF).contains(scalar) && scalar != 0x2028 && scalar != 0x2029
        default: (0x10000...0x10FFFF).contains(scalar)
        }
    }
}
