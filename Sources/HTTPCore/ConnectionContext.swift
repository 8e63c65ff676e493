import CPlatform
package import Logging
import Synchronization

/// What all connections of one loop share.
///
/// Safe to hand around: everything that changes is confined to the loop's queue, the rest is immutable or atomic.
package final class ConnectionContext: @unchecked Sendable {
    let limits: ConnectionLimits
    let times: ConnectionTimes
    let handler: any RequestHandler
    let logger: Logger
    package let counters = LoopCounters()
    let mailbox: Mailbox<LoopMessage>
    /// Shared with the other loops.
    let inFlightLimit: InFlightLimit

    /// The time of the current turn of the loop.
    package private(set) var now: MonotonicInstant
    /// `Server` and `Date`, ready to be copied into every head.
    private(set) var commonFields = ByteBuffer()
    /// The start of a response of status 200 in JSON: status line, `commonFields` and `Content-Type`.
    private(set) var startOfJSON = ByteBuffer()
    /// What responses over encrypted connections have besides.
    let encryptedFields: ByteBuffer
    /// The responder of the last request when nobody kept it, for the next one.
    var spareResponder: Responder?
    var pool = MemoryPool()
    let coder: ContentCoder
    /// Bytes from which on responses are compressed for clients that accept it; none has as many as `Int.max`.
    let compressionThreshold: Int
    /// What handshakes may still take in this turn.
    package var handshakes = HandshakeBudget()
    /// Nil when requests get no names.
    package var numbering: RequestNumbering?
    /// Nil when requests are not logged.
    package var accessLog: LoopAccessLog?
    /// Responses close their connections from now on.
    package var isLeaving = false
    /// The same, and connections at rest stay only as long as a request may be under way.
    package var isDraining = false

    /// Freed by detached requests since memory was last given back to the system.
    private let bytesFreedElsewhere = Atomic(0)
    private let serverName: String
    private var nextDate: MonotonicInstant
    package let thread = LoopThread()

    /// A context that shares nothing with others; for what drives connections without a loop.
    package convenience init(
        limits: ConnectionLimits, serverName: String, handler: any RequestHandler, logger: Logger,
        now: MonotonicInstant = .now, wake: @escaping @Sendable () -> Void
    ) {
        self.init(
            limits: limits, inFlightLimit: InFlightLimit(limits.maxRequestsInFlight), serverName: serverName, handler: handler,
            logger: logger, now: now, wake: wake)
    }

    init(
        limits: ConnectionLimits, inFlightLimit: InFlightLimit, serverName: String, strictTransportSecurity: Duration? = nil,
        handler: any RequestHandler, logger: Logger, now: MonotonicInstant = .now, wake: @escaping @Sendable () -> Void
    ) {
        self.limits = limits
        times = ConnectionTimes(limits)
        self.inFlightLimit = inFlightLimit
        self.serverName = serverName
        self.handler = handler
        self.logger = logger
        self.now = now
        nextDate = now
        coder = ContentCoder(level: limits.compressionLevel)
        compressionThreshold = limits.compressionThresholdBytes > 0 ? limits.compressionThresholdBytes : .max
        encryptedFields = Self.encryptedFields(strictTransportSecurity)
        mailbox = Mailbox(wake: wake)
    }

    deinit { pool.drain() }

    /// Whether the caller runs inside the loop.
    var isCurrent: Bool { thread.isCurrent }

    /// The loop begins to run on this thread.
    package func enter() { thread.enter() }

    package func leave() { thread.leave() }

    /// Notes memory that came from the pool and has been freed on any thread.
    func noteFreedElsewhere(_ byteCount: Int) { bytesFreedElsewhere.add(byteCount, ordering: .relaxed) }

    /// Gives memory back to the system when much was freed; for a loop that has nothing to do.
    func trim() { pool.trim(freedElsewhere: bytesFreedElsewhere.exchange(0, ordering: .relaxed)) }

    /// Sets the time of a new turn.
    package func beginTurn(at now: MonotonicInstant = .now, wallNanoseconds: @autoclosure () -> Int64 = apus_wall_nanoseconds()) {
        self.now = now
        if now >= nextDate { renewDate(wallNanoseconds()) }
    }

    /// Hands the responses that have come from other threads to their connections; for what drives connections without a loop.
    package func deliverResponses() {
        assert(isCurrent)
        var mail: [LoopMessage] = []
        mailbox.take(into: &mail)
        for case .response(let connection, let response) in mail { connection.respond(with: response) }
    }

    private static func encryptedFields(_ strictTransportSecurity: Duration?) -> ByteBuffer {
        var fields = ByteBuffer()
        // Browsers shall not take a response that quotes a client for a page of the site.
        fields.append("X-Content-Type-Options: nosniff\r\n")
        if let period = strictTransportSecurity {
            // RFC 6797 §6.1.1: seconds. §7.2 forbids the field where the connection is not encrypted.
            fields.append("Strict-Transport-Security: max-age=")
            fields.append(decimal: Int(max(0, period.components.seconds)))
            fields.append("\r\n")
        }
        return fields
    }

    /// Writes the fields anew and notes when the wall clock's next second begins.
    private func renewDate(_ wallNanoseconds: Int64) {
        let second: Int64 = 1_000_000_000
        let seconds = wallNanoseconds / second
        nextDate = MonotonicInstant(nanoseconds: now.nanoseconds + second - wallNanoseconds % second)
        commonFields.removeAll()
        commonFields.append("Server: ")
        commonFields.append(serverName)
        commonFields.append("\r\nDate: ")
        HTTPDate.append(secondsSince1970: Int(seconds), to: &commonFields)
        commonFields.append("\r\n")
        startOfJSON.removeAll()
        ResponseWriter.appendStart(.ok, contentType: ResponseWriter.jsonType, self, to: &startOfJSON)
    }
}
