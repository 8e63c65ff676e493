/// What the fields of a head say about framing and connection, gathered as they pass.
struct HeadSummary {
    private var hostCount = 0
    private var contentLength: Int?
    private var transferCodingCount = 0
    private var isChunked = false
    private var closes = false
    private var keepsAlive = false
    private var expectsContinue = false
    private var contentCodings = ContentCodings()
    private var acceptEncoding = AcceptEncoding()

    /// Takes note of one field; the name selects by its length first, as most fields matter to nobody here.
    mutating func note(_ name: Span<UInt8>, _ value: Span<UInt8>) throws(ProtocolRefusal) {
        switch name.count {
        case 4 where name.equalsIgnoringCase("host"): try noteHost(value)
        case 6 where name.equalsIgnoringCase("expect"): try noteExpect(value)
        case 10 where name.equalsIgnoringCase("connection"): noteConnection(value)
        case 14 where name.equalsIgnoringCase("content-length"): try noteContentLength(value)
        case 15 where name.equalsIgnoringCase("accept-encoding"): acceptEncoding.note(value)
        case 16 where name.equalsIgnoringCase("content-encoding"): contentCodings.note(value)
        case 17 where name.equalsIgnoringCase("transfer-encoding"): try noteTransferEncoding(value)
        default: break
        }
    }

    /// Settles what only the whole head shows.
    func finish(_ head: inout RequestHead, _ limits: ConnectionLimits) throws(ProtocolRefusal) {
        // RFC 9112 §3.2: exactly one Host in HTTP/1.1; an old client may leave it out.
        if hostCount == 0, head.version == .http11 { throw .bad("the request has no Host header") }
        head.framing = try framing(head.version, limits)
        // RFC 9112 §9.3: 1.1 persists unless the client closes, 1.0 only when it wants that.
        head.isPersistent = !closes && (head.version == .http11 || keepsAlive)
        // RFC 9110 §10.1.1: an expectation without content, or from an HTTP/1.0 client, is ignored.
        head.expectsContinue = expectsContinue && head.version == .http11 && head.framing != .none
        head.contentCodings = contentCodings
        head.contentPreference = acceptEncoding.preference
    }

    private func framing(_ version: HTTPVersion, _ limits: ConnectionLimits) throws(ProtocolRefusal) -> BodyFraming {
        if isChunked {
            // RFC 9112 §6.1: both together is a smuggling attempt or a broken client; 1.0 knows no codings.
            if contentLength != nil { throw .bad("the request has both Content-Length and Transfer-Encoding") }
            if version == .http10 { throw .bad("an HTTP/1.0 request has Transfer-Encoding") }
            return .chunked
        }
        guard let contentLength else { return .none }
        guard contentLength <= limits.maxBodyBytes else { throw .bodyTooLarge(limits) }
        return contentLength == 0 ? .none : .length(contentLength)
    }

    private mutating func noteHost(_ value: Span<UInt8>) throws(ProtocolRefusal) {
        hostCount += 1
        guard hostCount == 1 else { throw .bad("the request has more than one Host header") }
        guard HostSyntax.isValid(value) else { throw .bad("the Host header is not a host with an optional port") }
    }

    /// RFC 9112 §6.2, §6.3: digits only, once.
    private mutating func noteContentLength(_ value: Span<UInt8>) throws(ProtocolRefusal) {
        guard contentLength == nil else { throw .bad("the request has more than one Content-Length") }
        guard !value.isEmpty else { throw .bad("Content-Length is empty") }
        var number = 0
        for index in value.indices {
            guard isDigit(value[index]) else { throw .bad("Content-Length is not a decimal number") }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(Int(value[index] - UInt8(ascii: "0")))
            // A length beyond Int is valid and certainly too large.
            number = overflow || carried ? .max : sum
            if overflow || carried {
                try requireDigits(value, from: index)
                break
            }
        }
        contentLength = number
    }

    private func requireDigits(_ value: Span<UInt8>, from start: Int) throws(ProtocolRefusal) {
        for index in start..<value.count where !isDigit(value[index]) {
            throw .bad("Content-Length is not a decimal number")
        }
    }

    /// Only "chunked", once, is understood (RFC 9112 §6.1, §7).
    private mutating func noteTransferEncoding(_ value: Span<UInt8>) throws(ProtocolRefusal) {
        transferCodingCount += 1
        guard transferCodingCount == 1 else { throw .bad("the request has more than one Transfer-Encoding") }
        if value.equalsIgnoringCase("chunked") {
            isChunked = true
            return
        }
        // A list that ends in "chunked" is well framed, but its other codings are not known here.
        if value.count > 8, value.extracting((value.count - 7)...).equalsIgnoringCase("chunked"),
            value[value.count - 8] == UInt8(ascii: ",") || isBlank(value[value.count - 8]),
            firstIndex(of: UInt8(ascii: ","), in: value) != nil
        {
            throw ProtocolRefusal(.notImplemented, "Transfer-Encoding names a coding other than chunked")
        }
        throw .bad("Transfer-Encoding is not \"chunked\"")
    }

    private mutating func noteExpect(_ value: Span<UInt8>) throws(ProtocolRefusal) {
        guard value.equalsIgnoringCase("100-continue") else {
            throw ProtocolRefusal(.expectationFailed, "the only expectation that is met here is 100-continue")
        }
        expectsContinue = true
    }

    /// A list of tokens of which two are known (RFC 9110 §7.6.1).
    private mutating func noteConnection(_ value: Span<UInt8>) {
        var start = 0
        while start <= value.count {
            let comma = firstIndex(of: UInt8(ascii: ","), in: value, from: start) ?? value.count
            var from = start
            var to = comma
            while from < to, isBlank(value[from]) { from += 1 }
            while to > from, isBlank(value[to - 1]) { to -= 1 }
            let token = value.extracting(from..<to)
            if token.equalsIgnoringCase("close") { closes = true }
            if token.equalsIgnoringCase("keep-alive") { keepsAlive = true }
            start = comma + 1
        }
    }
}

extension ProtocolRefusal {
    static func bodyTooLarge(_ limits: ConnectionLimits) -> ProtocolRefusal {
        ProtocolRefusal(
            .contentTooLarge,
            "the request body is larger than \(limits.maxBodyBytes) bytes; send a smaller one or raise the limit max_body_bytes")
    }
}
