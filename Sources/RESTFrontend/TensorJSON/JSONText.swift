package import HTTPCore

/// JSON by hand into the response's buffer.
extension ByteBuffer {
    /// Appends a JSON string of these bytes: quotation mark, backslash and control characters are escaped, all else goes out raw.
    package mutating func appendJSON(string bytes: some Collection<UInt8>) {
        append(UInt8(ascii: "\""))
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0x20...: append(byte)
            case 0x08: append("\\b")
            case 0x09: append("\\t")
            case 0x0A: append("\\n")
            case 0x0C: append("\\f")
            case 0x0D: append("\\r")
            default:
                append("\\u00")
                append(hexDigit(byte >> 4))
                append(hexDigit(byte & 15))
            }
        }
        append(UInt8(ascii: "\""))
    }

    package mutating func appendJSON(string: String) { appendJSON(string: string.utf8) }

    /// Appends a list, its elements written by `body`.
    mutating func appendJSON<Element>(list: some Sequence<Element>, _ body: (Element, inout ByteBuffer) -> Void) {
        append(UInt8(ascii: "["))
        var isFirst = true
        for element in list {
            if !isFirst { append(UInt8(ascii: ",")) }
            isFirst = false
            body(element, &self)
        }
        append(UInt8(ascii: "]"))
    }

    /// Appends an object, its values written by `body`.
    mutating func appendJSON<Value>(
        object members: some Sequence<(key: String, value: Value)>, _ body: (Value, inout ByteBuffer) -> Void
    ) {
        append(UInt8(ascii: "{"))
        var isFirst = true
        for (key, value) in members {
            if !isFirst { append(UInt8(ascii: ",")) }
            isFirst = false
            appendJSON(string: key)
            append(UInt8(ascii: ":"))
            body(value, &self)
        }
        append(UInt8(ascii: "}"))
    }

    private func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? value + UInt8(ascii: "0") : value - 10 + UInt8(ascii: "A")
    }
}
