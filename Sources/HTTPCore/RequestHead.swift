/// A part of a request by its place, counted from the request's first byte; it survives moves of the buffer.
struct ByteRange: Sendable, Equatable {
    var lower: UInt32
    var upper: UInt32

    init(_ lower: Int, _ upper: Int) {
        // Heads are bounded by `maxHeadBytes`, far below 4 GiB.
        self.lower = UInt32(clamping: lower)
        self.upper = UInt32(clamping: upper)
    }

    var count: Int { Int(upper) - Int(lower) }
}

/// How a request's body is delimited (RFC 9112 §6.3).
enum BodyFraming: Sendable, Equatable {
    case none
    case length(Int)
    case chunked
}

/// Start line and fields of one request as places in the connection's buffer.
struct RequestHead: Sendable {
    struct Field: Sendable {
        var name: ByteRange
        var value: ByteRange
    }

    var method = HTTPMethod.get
    var version = HTTPVersion.http11
    /// Path of the target, without query; empty for an absolute target without a path, which means "/".
    var path = ByteRange(0, 0)
    /// What follows the first "?"; nil when there is none.
    var query: ByteRange?
    /// Path and query together.
    var target = ByteRange(0, 0)
    var hasAbsoluteTarget = false
    var fields: [Field] = []

    var framing = BodyFraming.none
    /// Whether the connection may carry another request after this one (RFC 9112 §9.3).
    var isPersistent = true
    var expectsContinue = false
    /// What `Content-Encoding` says to remove from the content.
    var contentCodings = ContentCodings()
    /// How the response should be compressed.
    var contentPreference = ContentPreference.none
    /// Values of the first `X-Request-Id` and the first `traceparent`; nil when there is none.
    var requestID: ByteRange?
    var traceParent: ByteRange?
    /// Bytes from the request's first to the end of the empty line.
    var byteCount = 0

    /// Forgets everything but the memory of the field table.
    mutating func reset() {
        var fields = self.fields
        self.fields = []
        fields.removeAll(keepingCapacity: true)
        self = RequestHead()
        self.fields = fields
    }
}
