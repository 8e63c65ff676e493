/// What a connection is doing, with what belongs to that alone.
enum ConnectionState {
    /// Between requests; at most empty lines have come.
    case idle(until: MonotonicInstant)
    /// Part of a head has come.
    case head(until: MonotonicInstant)
    /// The head is complete, the body is not.
    case body(ProgressWindow)
    /// The request is with the handler. Nothing is read meanwhile, so what a client sends ahead stays in the kernel.
    case handling(PendingResponse)
    /// The last response is in the output; when it is sent, the write side closes.
    case finishing
    /// The write side is closed; input is discarded until the client closes, lest a reset destroy the last response.
    case lingering(until: MonotonicInstant)
    case closed

    /// When time runs out, unless output waits to be sent.
    var deadline: MonotonicInstant {
        switch self {
        case .idle(let end), .head(let end), .lingering(let end): end
        case .body(let window): window.deadline
        // The handler has its own deadlines; the output of the last response has that of writing.
        case .handling, .finishing, .closed: .never
        }
    }

    /// Whether bytes of a request are wanted.
    var awaitsRequest: Bool {
        switch self {
        case .idle, .head, .body: true
        case .handling, .finishing, .lingering, .closed: false
        }
    }

    var isIdle: Bool { if case .idle = self { true } else { false } }
    var isBody: Bool { if case .body = self { true } else { false } }
    var isHandling: Bool { if case .handling = self { true } else { false } }
    var isFinishing: Bool { if case .finishing = self { true } else { false } }
    var isLingering: Bool { if case .lingering = self { true } else { false } }
    var isClosed: Bool { if case .closed = self { true } else { false } }
}
