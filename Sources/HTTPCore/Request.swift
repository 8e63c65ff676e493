/// One whole request, lent to a handler for the duration of its call.
///
/// All bytes lie in the connection's buffer: what a handler wants to keep it copies. Nothing is allocated here.
@safe package struct Request: ~Copyable {
    private let memory: RequestMemory
    /// The request's first byte.
    private let base: UnsafeRawPointer
    /// The whole body, chunked framing and content codings removed.
    package let body: UnsafeRawBufferPointer
    /// The client's address.
    package let peer: PeerAddress
    /// Whether it came over a Unix socket, whose file's mode has decided who may connect.
    package let isLocal: Bool
    /// Whether it came in by a listener for operators.
    package let isAdministrative: Bool
    /// The subject of the client's certificate, which has been verified: `CN=client-7,O=Example`; nil when it showed none.
    package let clientSubject: String?

    /// `bodyRange` counts from the first byte in the memory's buffer.
    init(
        _ memory: RequestMemory, bodyRange: Range<Int>, peer: PeerAddress, isLocal: Bool, isAdministrative: Bool = false,
        clientSubject: String? = nil
    ) {
        self.memory = memory
        // The head is not empty, so neither is the buffer.
        unsafe base = unsafe memory.buffer.bytes.baseAddress.unsafelyUnwrapped
        unsafe body = UnsafeRawBufferPointer(start: base + bodyRange.lowerBound, count: bodyRange.count)
        self.peer = peer
        self.isLocal = isLocal
        self.isAdministrative = isAdministrative
        self.clientSubject = clientSubject
    }

    /// The same request with its body decoded to `content`, which must outlive it.
    init(_ coded: borrowing Request, content: UnsafeRawBufferPointer) {
        memory = coded.memory
        unsafe base = unsafe coded.base
        unsafe body = unsafe content
        peer = coded.peer
        isLocal = coded.isLocal
        isAdministrative = coded.isAdministrative
        clientSubject = coded.clientSubject
    }

    /// Whether the body is still to be decoded.
    var hasCodedContent: Bool { unsafe !memory.head.contentCodings.isIdentity && !body.isEmpty }
    /// How the body is to be decoded.
    var contentCodings: ContentCodings { memory.head.contentCodings }

    /// When its first byte was there.
    package var began: MonotonicInstant { memory.began }
    package var method: HTTPMethod { memory.head.method }
    package var version: HTTPVersion { memory.head.version }

    /// The path as it came, percent-encoded, without the query: `/v1/models/m:predict`; `*` for OPTIONS of the server.
    package var path: UnsafeRawBufferPointer {
        let range = memory.head.path
        return unsafe range.count > 0 ? slice(range) : Self.root
    }

    /// What follows the first "?"; nil when there is none.
    package var query: UnsafeRawBufferPointer? {
        guard let range = memory.head.query else { return nil }
        return unsafe slice(range)
    }

    /// Path and query as they came; an absolute target has lost its scheme and authority.
    package var target: UnsafeRawBufferPointer {
        let range = memory.head.target
        return unsafe range.count > 0 ? slice(range) : Self.root
    }

    /// The values of `X-Request-Id` and `traceparent`, which the parser has noted; nil when there is none.
    var requestID: UnsafeRawBufferPointer? { unsafe memory.head.requestID.map { unsafe slice($0) } }
    var traceParent: UnsafeRawBufferPointer? { unsafe memory.head.traceParent.map { unsafe slice($0) } }

    /// The value of the first field of that name (in lower case), white space around it removed; nil when there is none.
    package func header(_ name: StaticString) -> UnsafeRawBufferPointer? {
        let bytes = unsafe UnsafeBufferPointer<UInt8>(
            start: base.assumingMemoryBound(to: UInt8.self), count: memory.head.byteCount
        ).span
        for index in memory.head.fields.indices {
            let field = memory.head.fields[index]
            guard field.name.count == name.utf8CodeUnitCount else { continue }
            if bytes.extracting(Int(field.name.lower)..<Int(field.name.upper)).equalsIgnoringCase(name) {
                return unsafe slice(field.value)
            }
        }
        return nil
    }

    /// The value as text, ill-formed UTF-8 repaired.
    package func headerText(_ name: StaticString) -> String? {
        guard let value = unsafe header(name) else { return nil }
        return unsafe String(decoding: value, as: UTF8.self)
    }

    package var headerCount: Int { memory.head.fields.count }

    /// Name (as the client wrote it) and value of the field at `index`, in the order sent.
    package func header(at index: Int) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        let field = memory.head.fields[index]
        return unsafe (slice(field.name), slice(field.value))
    }

    private func slice(_ range: ByteRange) -> UnsafeRawBufferPointer {
        // Ranges come from the parser, which made them from offsets inside the head.
        unsafe UnsafeRawBufferPointer(start: base + Int(range.lower), count: range.count)
    }

    private static var root: UnsafeRawBufferPointer {
        let slash: StaticString = "/"
        return unsafe UnsafeRawBufferPointer(start: slash.utf8Start, count: 1)
    }
}

/// Responds to requests.
///
/// One of the two `handle` methods is called for every request that is well framed, once its body is complete, on the queue of the
/// connection's loop. Neither may block. `responder` may leave the call, to any thread, and must be used exactly once.
package protocol RequestHandler: Sendable {
    /// Handles a request, which is valid only during the call.
    func handle(_ request: borrowing Request, _ responder: Responder)

    /// Handles a request whose body is longer than `maxInlineBodyBytes`: work for other threads, as the loop's other clients wait
    /// while it runs. `request` may leave the call with the responder. Handled at once unless a handler does otherwise.
    func handle(large request: DetachedRequest, _ responder: Responder)

    /// Whether the request is answered even when as many are under way as may be, as one for the server's health
    /// is. Called only then, on the loop's queue; false unless a handler says otherwise.
    func answersBeyondLimit(_ request: borrowing Request) -> Bool
}

extension RequestHandler {
    package func handle(large request: DetachedRequest, _ responder: Responder) { request.handle(with: self, responder) }

    package func answersBeyondLimit(_ request: borrowing Request) -> Bool { false }
}
