/// Parses protobuf's text format: `field: value`, `message { … }`, lists `[a, b]`, optional `,` and `;` after a field.
struct TextProtoParser {
    private var lexer: TextProtoLexer
    private var token: TextProtoLexer.Token

    /// Messages inside messages; more is not a configuration.
    private static let maximumDepth = 16

    static func parse(_ text: String) throws(TextProtoError) -> TextProtoMessage {
        var parser = try TextProtoParser(text)
        let message = try parser.message(closedBy: nil, depth: 0)
        return message
    }

    private init(_ text: String) throws(TextProtoError) {
        lexer = TextProtoLexer(text)
        token = try lexer.next()
    }

    private mutating func message(closedBy close: UInt8?, depth: Int) throws(TextProtoError) -> TextProtoMessage {
        guard depth <= Self.maximumDepth else { throw lexer.fault("messages lie deeper than \(Self.maximumDepth)") }
        var message = TextProtoMessage()
        while true {
            switch token {
            case .word(let name): try field(name, into: &message, depth: depth)
            case .mark(let mark) where mark == close:
                try advance()
                return message
            case .end:
                guard close == nil else { throw lexer.fault("a message is not closed") }
                return message
            default: throw lexer.fault("expected the name of a field")
            }
        }
    }

    private mutating func field(_ name: String, into message: inout TextProtoMessage, depth: Int) throws(TextProtoError) {
        let line = lexer.line
        try advance()
        let hasColon = try take(UInt8(ascii: ":"))
        for value in try values(of: name, hasColon: hasColon, depth: depth) {
            message.fields.append(TextProtoMessage.Field(name: name, value: value, line: line))
        }
        if try !take(UInt8(ascii: ",")) { _ = try take(UInt8(ascii: ";")) }
    }

    private mutating func values(
        of name: String, hasColon: Bool, depth: Int
    ) throws(TextProtoError) -> [TextProtoMessage.Value] {
        guard try take(UInt8(ascii: "[")) else { return [try value(of: name, hasColon: hasColon, depth: depth)] }
        var values: [TextProtoMessage.Value] = []
        while try !take(UInt8(ascii: "]")) {
            if !values.isEmpty, try !take(UInt8(ascii: ",")) { throw lexer.fault("expected , or ] in the list of \(name)") }
            values.append(try value(of: name, hasColon: hasColon, depth: depth))
        }
        return values
    }

    private mutating func value(
        of name: String, hasColon: Bool, depth: Int
    ) throws(TextProtoError) -> TextProtoMessage.Value {
        switch token {
        case .mark(UInt8(ascii: "{")):
            try advance()
            return .message(try message(closedBy: UInt8(ascii: "}"), depth: depth + 1))
        case .mark(UInt8(ascii: "<")):
            try advance()
            return .message(try message(closedBy: UInt8(ascii: ">"), depth: depth + 1))
        case .word(let word) where hasColon:
            try advance()
            return .bare(word)
        case .text(let first) where hasColon:
            // Adjacent texts are one, as in C.
            var text = first
            try advance()
            while case .text(let more) = token {
                text += more
                try advance()
            }
            return .text(text)
        default: throw lexer.fault("expected \(hasColon ? "a value" : ": or {") after \(name)")
        }
    }

    private mutating func advance() throws(TextProtoError) { token = try lexer.next() }

    private mutating func take(_ mark: UInt8) throws(TextProtoError) -> Bool {
        guard token == .mark(mark) else { return false }
        try advance()
        return true
    }
}
