/// chunk-size [ chunk-ext ], without its CRLF (RFC 9112 §7.1, §7.1.1).
struct ChunkSizeLine {
    /// More than these are refused, leading zeros included.
    static let maxDigits = 16

    /// `Int.max` when it does not fit.
    let size: Int
    let extensionBytes: Int

    init(_ line: Span<UInt8>) throws(ProtocolRefusal) {
        var number: UInt64 = 0
        var at = 0
        while at < line.count, let digit = hexDigitValue(line[at]) {
            guard at < Self.maxDigits else { throw .bad("a chunk size has more than \(Self.maxDigits) digits") }
            number = number << 4 | UInt64(digit)
            at += 1
        }
        guard at > 0 else { throw .bad("a chunk size is not a hexadecimal number") }
        size = Int(clamping: number)
        extensionBytes = line.count - at
        try Self.checkExtensions(line, from: at)
    }

    /// *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] ); extensions mean nothing here, but a line that
    /// does not follow the grammar is one that two parsers could read differently.
    private static func checkExtensions(_ line: Span<UInt8>, from start: Int) throws(ProtocolRefusal) {
        var at = start
        while at < line.count {
            at = skipBlanks(line, at)
            guard at < line.count, line[at] == UInt8(ascii: ";") else {
                throw .bad("a chunk size is followed by something other than an extension")
            }
            at = try skipToken(line, skipBlanks(line, at + 1))
            let afterName = skipBlanks(line, at)
            guard afterName < line.count, line[afterName] == UInt8(ascii: "=") else { continue }
            let value = skipBlanks(line, afterName + 1)
            if value < line.count, line[value] == UInt8(ascii: "\"") {
                at = try skipQuoted(line, value + 1)
            } else {
                at = try skipToken(line, value)
            }
        }
    }

    private static func skipBlanks(_ line: Span<UInt8>, _ start: Int) -> Int {
        var at = start
        while at < line.count, isBlank(line[at]) { at += 1 }
        return at
    }

    private static func skipToken(_ line: Span<UInt8>, _ start: Int) throws(ProtocolRefusal) -> Int {
        var at = start
        while at < line.count, ByteSet.token.contains(line[at]) { at += 1 }
        guard at > start else { throw .bad("a chunk extension is not a name with an optional value") }
        return at
    }

    /// From after the opening quote to after the closing one; "\" takes the next byte as it is (RFC 9110 §5.6.4).
    private static func skipQuoted(_ line: Span<UInt8>, _ start: Int) throws(ProtocolRefusal) -> Int {
        var at = start
        while at < line.count {
            let byte = line[at]
            if byte == UInt8(ascii: "\"") { return at + 1 }
            at += byte == UInt8(ascii: "\\") ? 2 : 1
            guard at <= line.count, ByteSet.fieldValue.contains(byte), ByteSet.fieldValue.contains(line[at - 1]) else { break }
        }
        throw .bad("a chunk extension has a quoted value that does not end or holds a control character")
    }
}
