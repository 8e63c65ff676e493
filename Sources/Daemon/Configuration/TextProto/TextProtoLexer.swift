/// Cuts protobuf's text format into tokens; `#` starts a comment up to the end of the line.
struct TextProtoLexer {
    enum Token: Equatable {
        case word(String)
        case text(String)
        /// One of `{ } < > [ ] : , ;`
        case mark(UInt8)
        case end
    }

    private let bytes: [UInt8]
    private var position = 0
    private(set) var line = 1

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    mutating func next() throws(TextProtoError) -> Token {
        skipSpace()
        guard let byte = peek else { return .end }
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return .text(try quoted(byte)) }
        if Self.isWord(byte) {
            let start = position
            while let next = peek, Self.isWord(next) { position += 1 }
            return .word(String(decoding: bytes[start..<position], as: UTF8.self))
        }
        guard "{}<>[]:,;".utf8.contains(byte) else { throw fault("unexpected character \"\(Character(Unicode.Scalar(byte)))\"") }
        position += 1
        return .mark(byte)
    }

    func fault(_ message: String) -> TextProtoError { TextProtoError(line: line, message: message) }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek {
            if byte == UInt8(ascii: "#") {
                while let next = peek, next != UInt8(ascii: "\n") { position += 1 }
            } else if byte == UInt8(ascii: "\n") {
                line += 1
                position += 1
            } else if byte == 0x20 || (0x09...0x0D).contains(byte) {
                position += 1
            } else {
                return
            }
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "_-+./".utf8.contains(byte)
        }
    }

    private mutating func quoted(_ quote: UInt8) throws(TextProtoError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = peek, byte != UInt8(ascii: "\n") {
            position += 1
            if byte == quote {
                guard let valid = String(validating: text, as: UTF8.self) else { throw fault("the text is not UTF-8") }
                return valid
            }
            text.append(byte == UInt8(ascii: "\\") ? try escape() : byte)
        }
        throw fault("the text that begins here has no closing quote")
    }

    private mutating func escape() throws(TextProtoError) -> UInt8 {
        guard let byte = peek else { throw fault("the text ends within an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "?"): return byte
        case UInt8(ascii: "x"), UInt8(ascii: "X"): return try number(radix: 16, maximumDigits: 2)
        case 0x30...0x37:
            position -= 1
            return try number(radix: 8, maximumDigits: 3)
        default: throw fault("unknown escape \"\\\(Character(Unicode.Scalar(byte)))\"")
        }
    }

    private mutating func number(radix: Int, maximumDigits: Int) throws(TextProtoError) -> UInt8 {
        var value = 0
        var digits = 0
        while digits < maximumDigits, let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, digit < radix {
            value = value * radix + digit
            digits += 1
            position += 1
        }
        guard digits > 0, let byte = UInt8(exactly: value) else { throw fault("a numeric escape has no digits or is above 255") }
        return byte
    }
}
