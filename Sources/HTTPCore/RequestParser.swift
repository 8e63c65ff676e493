/// Reads the head of a request, line by line, from a buffer that grows (RFC 9112 §2.2, §3, §5).
///
/// It resumes where it stopped, and gives the same result however the bytes are cut: a line is judged when it is
/// complete, or when it can no longer be complete within the limits.
struct RequestParser {
    private enum Stage { case emptyLines, requestLine, fields }

    /// Lines that a client may send before a request, as old ones do after a body (RFC 9112 §2.2).
    private static let maxEmptyLines = 4

    private var stage = Stage.emptyLines
    private var lineStart = 0
    private var lines = LineReader()
    private var summary = HeadSummary()

    /// Whether a byte of the request proper has come; empty lines before it are none.
    var hasBegun: Bool { stage != .emptyLines }

    /// Reads on in `bytes`, which begins at the request's first byte; returns whether the head is complete.
    mutating func advance(
        over bytes: Span<UInt8>, into head: inout RequestHead, limits: ConnectionLimits
    ) throws(ProtocolRefusal) -> Bool {
        if stage == .emptyLines, try !skipEmptyLines(bytes) { return false }
        while let lineFeed = try endOfLine(bytes, limits) {
            let line = lineStart..<lineFeed - 1
            lineStart = lineFeed + 1
            if stage == .requestLine {
                try parseRequestLine(bytes, line, into: &head)
                stage = .fields
            } else if line.isEmpty {
                head.byteCount = lineFeed + 1
                try summary.finish(&head, limits)
                return true
            } else {
                try parseField(bytes, line, into: &head, limits)
            }
        }
        return false
    }

    private mutating func skipEmptyLines(_ bytes: Span<UInt8>) throws(ProtocolRefusal) -> Bool {
        while lineStart < bytes.count {
            guard bytes[lineStart] == UInt8(ascii: "\r") else {
                guard ByteSet.token.contains(bytes[lineStart]) else {
                    throw .bad("the request does not start with a method")
                }
                stage = .requestLine
                return true
            }
            guard lineStart + 1 < bytes.count else { return false }
            guard bytes[lineStart + 1] == UInt8(ascii: "\n"), lineStart < 2 * Self.maxEmptyLines else {
                throw .bad("the request does not start with a method")
            }
            lineStart += 2
        }
        return false
    }

    private mutating func endOfLine(_ bytes: Span<UInt8>, _ limits: ConnectionLimits) throws(ProtocolRefusal) -> Int? {
        if stage == .requestLine {
            return try lines.endOfLine(
                bytes, start: lineStart, maxBytes: limits.maxRequestLineBytes,
                tooLong: ProtocolRefusal(
                    .uriTooLong, "the request line is longer than \(limits.maxRequestLineBytes) bytes"))
        }
        return try lines.endOfLine(
            bytes, start: lineStart, maxBytes: limits.maxHeadBytes - lineStart,
            tooLong: ProtocolRefusal(
                .headerFieldsTooLarge, "the request head is longer than \(limits.maxHeadBytes) bytes"))
    }

    /// method SP request-target SP HTTP-version (RFC 9112 §3); exactly one space each.
    private func parseRequestLine(
        _ bytes: Span<UInt8>, _ line: Range<Int>, into head: inout RequestHead
    ) throws(ProtocolRefusal) {
        let at = ByteSet.token.endOfRun(in: bytes, line)
        guard at < line.upperBound, bytes[at] == UInt8(ascii: " ") else {
            throw .bad("the request line is not \"METHOD target HTTP/1.1\"")
        }
        let method = line.lowerBound..<at
        let targetStart = at + 1
        guard let targetEnd = firstIndex(of: UInt8(ascii: " "), in: bytes, from: targetStart), targetEnd < line.upperBound
        else { throw .bad("the request line is not \"METHOD target HTTP/1.1\"") }
        head.version = try Self.version(bytes.extracting(targetEnd + 1..<line.upperBound))
        head.method = try Self.method(bytes.extracting(method))
        try RequestTarget.parse(bytes, targetStart..<targetEnd, into: &head)
    }

    private static func method(_ bytes: Span<UInt8>) throws(ProtocolRefusal) -> HTTPMethod {
        guard let method = HTTPMethod(bytes), method != .connect else {
            throw ProtocolRefusal(.notImplemented, "the method is not one that this server knows")
        }
        return method
    }

    /// "HTTP/" DIGIT "." DIGIT (RFC 9112 §2.3).
    private static func version(_ bytes: Span<UInt8>) throws(ProtocolRefusal) -> HTTPVersion {
        guard bytes.count == 8, bytes.extracting(0..<5).equals("HTTP/"), isDigit(bytes[5]),
            bytes[6] == UInt8(ascii: "."), isDigit(bytes[7])
        else { throw .bad("the request line does not end in a version such as HTTP/1.1") }
        guard bytes[5] == UInt8(ascii: "1") else {
            throw ProtocolRefusal(.versionNotSupported, "only HTTP/1.1 and HTTP/1.0 are spoken here")
        }
        return bytes[7] == UInt8(ascii: "0") ? .http10 : .http11
    }

    private mutating func parseField(
        _ bytes: Span<UInt8>, _ line: Range<Int>, into head: inout RequestHead, _ limits: ConnectionLimits
    ) throws(ProtocolRefusal) {
        guard head.fields.count < limits.maxFieldCount else {
            throw ProtocolRefusal(.headerFieldsTooLarge, "the request has more than \(limits.maxFieldCount) header fields")
        }
        let field = try FieldLine(bytes, line)
        let name = bytes.extracting(field.name), value = ByteRange(field.value.lowerBound, field.value.upperBound)
        try summary.note(name, bytes.extracting(field.value))
        switch name.count {
        case 12 where head.requestID == nil && name.equalsIgnoringCase("x-request-id"): head.requestID = value
        case 11 where head.traceParent == nil && name.equalsIgnoringCase("traceparent"): head.traceParent = value
        default: break
        }
        head.fields.append(RequestHead.Field(name: ByteRange(field.name.lowerBound, field.name.upperBound), value: value))
    }
}
