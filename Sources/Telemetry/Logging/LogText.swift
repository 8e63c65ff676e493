/// Appends text to a log line so that it can neither end the line nor speak to a terminal.
enum LogText {
    /// Appends a message: control characters are escaped, everything else stays.
    static func appendMessage(_ text: String, to line: inout [UInt8]) {
        for byte in text.utf8 {
            if isControl(byte) { appendEscaped(byte, to: &line) } else { line.append(byte) }
        }
    }

    /// Appends a metadata value, in quotes where it would otherwise be unclear where it ends.
    static func appendValue(_ text: String, to line: inout [UInt8]) {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !isDelimiter($0) }
        guard !isPlain else {
            line.append(contentsOf: text.utf8)
            return
        }
        line.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                line.append(contentsOf: [UInt8(ascii: "\\"), byte])
            } else if isControl(byte) {
                appendEscaped(byte, to: &line)
            } else {
                line.append(byte)
            }
        }
        line.append(UInt8(ascii: "\""))
    }

    /// Appends a metadata key: what could end it becomes `_`.
    static func appendKey(_ text: String, to line: inout [UInt8]) {
        for byte in text.utf8 {
            line.append(byte <= 0x20 || byte == 0x7F || isDelimiter(byte) ? UInt8(ascii: "_") : byte)
        }
    }

    /// Appends a JSON string (RFC 8259 §7).
    static func appendJSONString(_ text: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): line.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case UInt8(ascii: "\n"): line.append(contentsOf: "\\n".utf8)
            case 0..<0x20, 0x7F: line.append(contentsOf: [UInt8](("\\u00" + hexadecimal(byte)).utf8))
            default: line.append(byte)
            }
        }
        line.append(UInt8(ascii: "\""))
    }

    private static func isDelimiter(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "=") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

    private static func appendEscaped(_ byte: UInt8, to line: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\n"): line.append(contentsOf: "\\n".utf8)
        case UInt8(ascii: "\r"): line.append(contentsOf: "\\r".utf8)
        case UInt8(ascii: "\t"): line.append(contentsOf: "\\t".utf8)
        default: line.append(contentsOf: ("\\x" + hexadecimal(byte)).utf8)
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }
}
