/// One line of a header or trailer section: field-name ":" OWS field-value OWS (RFC 9112 §5).
struct FieldLine {
    let name: Range<Int>
    let value: Range<Int>

    /// Reads the line at `range` of `bytes`, its CRLF not included. Strict: no folding, no space before the colon,
    /// no control characters (RFC 9112 §5.1, §5.2; RFC 9110 §5.5).
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(ProtocolRefusal) {
        let at = ByteSet.token.endOfRun(in: bytes, range)
        guard at < range.upperBound else { throw .bad("a header line has no colon") }
        guard bytes[at] == UInt8(ascii: ":") else {
            if isBlank(bytes[at]) {
                throw .bad(
                    at == range.lowerBound
                        ? "a header line starts with white space (line folding is obsolete)"
                        : "a header has white space between its name and the colon")
            }
            throw .bad("a header name holds a byte that a name may not hold (0x\(String(bytes[at], radix: 16)))")
        }
        guard at > range.lowerBound else { throw .bad("a header line has no name") }
        name = range.lowerBound..<at
        var start = at + 1
        var end = range.upperBound
        while start < end, isBlank(bytes[start]) { start += 1 }
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        let clean = ByteSet.fieldValue.endOfRun(in: bytes, start..<end)
        guard clean == end else {
            throw .bad("a header value holds a control character (0x\(String(bytes[clean], radix: 16)))")
        }
        value = start..<end
    }
}
