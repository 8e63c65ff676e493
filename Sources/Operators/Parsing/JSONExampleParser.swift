import ProtobufWire

/// Reads the JSON form of one record. Nesting is what the message's fields allow; other members are refused.
struct JSONExampleParser {
    struct Fault: Error {
        let reason: String
        let position: Int
    }

    private let text: [UInt8]
    private var position = 0

    init(text: [UInt8]) { self.text = text }

    /// The message that the whole text is.
    mutating func example() throws(Fault) -> [UInt8] {
        var writer = WireWriter()
        try object { parser, name throws(Fault) in
            guard name == "features" else { throw parser.unknown(name) }
            guard try !parser.null() else { return }
            writer.message(1, try parser.features())
        }
        skipSpace()
        guard position == text.count else { throw fault("something follows the end of the object") }
        return writer.bytes
    }

    private mutating func features() throws(Fault) -> WireWriter {
        var writer = WireWriter()
        try object { parser, name throws(Fault) in
            guard name == "feature" else { throw parser.unknown(name) }
            guard try !parser.null() else { return }
            try parser.object { parser, key throws(Fault) in
                let value = try parser.null() ? nil : try parser.feature()
                writer.message(1) { entry in
                    entry.string(1, key)
                    if let value { entry.message(2, value) }
                }
            }
        }
        return writer
    }

    private mutating func feature() throws(Fault) -> WireWriter {
        var writer = WireWriter()
        try object { parser, name throws(Fault) in
            let number: Int
            switch name {
            case "bytesList", "bytes_list": number = 1
            case "floatList", "float_list": number = 2
            case "int64List", "int64_list": number = 3
            default: throw parser.unknown(name)
            }
            guard try !parser.null() else { return }
            writer.message(number, try parser.list(number))
        }
        return writer
    }

    private mutating func list(_ kind: Int) throws(Fault) -> WireWriter {
        var writer = WireWriter()
        try object { parser, name throws(Fault) in
            guard name == "value" else { throw parser.unknown(name) }
            guard try !parser.null() else { return }
            try parser.array { parser throws(Fault) in
                switch kind {
                case 1: writer.delimited(1, try parser.bytes())
                case 2: writer.float(1, try parser.float())
                default: writer.integer(1, try parser.integer())
                }
            }
        }
        return writer
    }

    // MARK: Values

    private mutating func float() throws(Fault) -> Float {
        let start = position, token = try number()
        switch String(decoding: token, as: UTF8.self) {
        case "NaN": return .nan
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        default:
            guard let value = NumberText.double(token[...]), value.isFinite else { throw Fault(reason: "no number", position: start) }
            return Float(value)
        }
    }

    private mutating func integer() throws(Fault) -> Int64 {
        let start = position, token = try number()
        if let value = NumberText.integer(token[...], Int64.self) { return value }
        guard let value = NumberText.double(token[...]), let exact = Int64(exactly: value) else {
            throw Fault(reason: "no 64-bit integer", position: start)
        }
        return exact
    }

    /// The text of a number, which may stand in quotes.
    private mutating func number() throws(Fault) -> [UInt8] {
        skipSpace()
        if peek == UInt8(ascii: "\"") { return Array(try string().utf8) }
        let start = position
        while let byte = peek, byte > 0x20, byte != UInt8(ascii: ","), byte != UInt8(ascii: "]"), byte != UInt8(ascii: "}") {
            position += 1
        }
        return Array(text[start..<position])
    }

    /// Base64, of either alphabet, as bytes.
    private mutating func bytes() throws(Fault) -> [UInt8] {
        skipSpace()
        let start = position
        let digits = Array(try string().utf8).map { byte in
            byte == UInt8(ascii: "+") ? UInt8(ascii: "-") : byte == UInt8(ascii: "/") ? UInt8(ascii: "_") : byte
        }
        do { return try Base64Text.decode(digits) } catch { throw Fault(reason: "no base64", position: start) }
    }

    // MARK: Syntax

    private var peek: UInt8? { position < text.count ? text[position] : nil }

    private func fault(_ reason: String) -> Fault { Fault(reason: reason, position: position) }

    private func unknown(_ name: String) -> Fault { fault("no such field: '\(name)'") }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func expect(_ byte: UInt8) throws(Fault) {
        skipSpace()
        guard peek == byte else { throw fault("expected '\(Character(Unicode.Scalar(byte)))'") }
        position += 1
    }

    private mutating func null() throws(Fault) -> Bool {
        skipSpace()
        guard text[position...].starts(with: "null".utf8) else { return false }
        position += 4
        return true
    }

    private mutating func object(
        _ body: (inout JSONExampleParser, String) throws(Fault) -> Void
    ) throws(Fault) {
        try expect(UInt8(ascii: "{"))
        skipSpace()
        if peek == UInt8(ascii: "}") {
            position += 1
            return
        }
        while true {
            skipSpace()
            let name = try string()
            try expect(UInt8(ascii: ":"))
            try body(&self, name)
            guard try more(UInt8(ascii: "}")) else { return }
        }
    }

    private mutating func array(_ body: (inout JSONExampleParser) throws(Fault) -> Void) throws(Fault) {
        try expect(UInt8(ascii: "["))
        skipSpace()
        if peek == UInt8(ascii: "]") {
            position += 1
            return
        }
        while true {
            try body(&self)
            guard try more(UInt8(ascii: "]")) else { return }
        }
    }

    /// Whether another element follows; otherwise steps over `end`.
    private mutating func more(_ end: UInt8) throws(Fault) -> Bool {
        skipSpace()
        guard let byte = peek, byte == end || byte == UInt8(ascii: ",") else { throw fault("expected ',' or the end") }
        position += 1
        return byte != end
    }

    private mutating func string() throws(Fault) -> String {
        guard peek == UInt8(ascii: "\"") else { throw fault("expected a string") }
        position += 1
        var units: [UInt8] = []
        while let byte = peek, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw fault("a control character in a string") }
            position += 1
            guard byte == UInt8(ascii: "\\") else {
                units.append(byte)
                continue
            }
            units += Array(String(try escape()).utf8)
        }
        guard peek != nil else { throw fault("a string without an end") }
        position += 1
        guard let result = String(validating: units, as: UTF8.self) else { throw fault("a string that is no UTF-8") }
        return result
    }

    private mutating func escape() throws(Fault) -> Character {
        guard let byte = peek else { throw fault("a string without an end") }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Character(Unicode.Scalar(byte))
        case UInt8(ascii: "u"):
            var value = try hex()
            if (0xD800..<0xDC00).contains(value), text[position...].starts(with: "\\u".utf8) {
                position += 2
                value = 0x10000 + (value - 0xD800) << 10 + (try hex() &- 0xDC00) & 0x3FF
            }
            guard let scalar = Unicode.Scalar(value) else { throw fault("a lone surrogate") }
            return Character(scalar)
        default: throw fault("an unknown escape")
        }
    }

    private mutating func hex() throws(Fault) -> UInt32 {
        guard position + 4 <= text.count, let value = UInt32(String(decoding: text[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw fault("no hexadecimal number") }
        position += 4
        return value
    }
}
