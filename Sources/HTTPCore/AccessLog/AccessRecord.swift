/// What is known of one request until its line is written.
///
/// The response may come long after the request's bytes are gone, so what they say is copied here. Loops keep records for
/// reuse, which makes the copy cost no allocation.
final class AccessRecord {
    /// A text as the client sent it, cut at a limit.
    struct Text {
        /// Where it lies in `bytes`.
        fileprivate var offset = 0
        private(set) var byteCount = 0
        /// Bytes that the client sent.
        private(set) var sentByteCount = 0

        fileprivate init(offset: Int, byteCount: Int, sentByteCount: Int) {
            self.offset = offset
            self.byteCount = byteCount
            self.sentByteCount = sentByteCount
        }
    }

    static let maxTargetBytes = 1024
    static let maxUserAgentBytes = 256
    static let maxRequestIDBytes = RequestIdentity.maxByteCount

    private(set) var start = MonotonicInstant.never
    private(set) var peer = PeerAddress.none
    private(set) var connectionID: UInt64 = 0
    /// Nil when no whole head came; then `target` is the request line as it came.
    private(set) var method: HTTPMethod?
    private(set) var version = HTTPVersion.http11
    private(set) var target: Text?
    /// Bytes of the body after removal of the framing; what had come of it when the request was refused.
    private(set) var requestByteCount = 0
    /// What the response calls the request, or `X-Request-Id` as it came.
    private(set) var requestID: Text?
    /// `traceparent` as it came (W3C Trace Context).
    private(set) var trace: Text?
    private(set) var userAgent: Text?
    /// Why the request was refused; nil when it was handled.
    private(set) var refusal: String?
    private var bytes = ByteBuffer()

    func begin(at start: MonotonicInstant, peer: PeerAddress, connectionID: UInt64) {
        self.start = start
        self.peer = peer
        self.connectionID = connectionID
        method = nil
        target = nil
        requestByteCount = 0
        requestID = nil
        trace = nil
        userAgent = nil
        refusal = nil
        bytes.removeAll()
    }

    /// Takes what a whole head says, and the request's own name when it has no other.
    func note(_ request: borrowing Request, withUserAgent: Bool) {
        method = request.method
        version = request.version
        target = unsafe copy(request.target, limit: Self.maxTargetBytes)
        requestByteCount = unsafe request.body.count
        if requestID == nil, let value = unsafe request.requestID { requestID = unsafe copy(value, limit: Self.maxRequestIDBytes) }
        if let value = unsafe request.traceParent { trace = unsafe copy(value, limit: Self.maxRequestIDBytes) }
        if withUserAgent, let value = unsafe request.header("user-agent") {
            userAgent = unsafe copy(value, limit: Self.maxUserAgentBytes)
        }
    }

    /// Takes what the response calls the request.
    func note(_ identity: RequestIdentity) {
        guard identity.hasName else { return }
        let offset = bytes.count
        identity.appendName(to: &bytes)
        requestID = Text(offset: offset, byteCount: bytes.count - offset, sentByteCount: bytes.count - offset)
    }

    /// Takes the first line of a head that is not whole.
    func note(requestLineOf head: UnsafeRawBufferPointer) {
        let isLineEnd = { (byte: UInt8) in byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") }
        guard let start = unsafe head.firstIndex(where: { !isLineEnd($0) }) else { return }
        let rest = unsafe UnsafeRawBufferPointer(rebasing: head[start...])
        let end = unsafe rest.firstIndex(where: isLineEnd) ?? rest.count
        target = unsafe copy(UnsafeRawBufferPointer(rebasing: rest[..<end]), limit: Self.maxTargetBytes)
    }

    func noteRefusal(_ reason: String) { refusal = reason }

    /// Lends the bytes of a text of this record.
    func withBytes<Result>(of text: Text, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe body(UnsafeRawBufferPointer(rebasing: bytes.bytes[text.offset..<text.offset + text.byteCount]))
    }

    private func copy(_ source: UnsafeRawBufferPointer, limit: Int) -> Text {
        let kept = unsafe UnsafeRawBufferPointer(rebasing: source.prefix(limit))
        let text = Text(offset: bytes.count, byteCount: kept.count, sentByteCount: source.count)
        unsafe bytes.append(kept)
        return text
    }
}

/// How a request ended.
struct AccessOutcome {
    var status: HTTPStatus
    /// Nil for a request of which nobody has said what it was for.
    var subject: AccessSubject?
    /// Bytes of the response's content; 0 when none was sent.
    var responseByteCount = 0
    var keepsAlive = false
    /// Whether the client had closed its side before the response was there.
    var hasClientLeft = false
}
