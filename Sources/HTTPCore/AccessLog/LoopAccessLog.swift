import CPlatform

/// One loop's part of the access log: records of the requests that are under way, and the page that takes their lines.
///
/// Confined to the loop. Costs no lock and, once warm, no allocation for a request; a page is handed over when it is
/// full, when its oldest line is a tenth of a second old, and when the loop comes to rest.
package final class LoopAccessLog {
    private static let handOverInterval: Duration = .milliseconds(100)
    private static let maxSpareCount = 64

    private let log: AccessLog
    private let thread: LoopThread
    private let line: AccessLine
    private let samplingPeriod: Int
    private let withUserAgent: Bool
    private let now: () -> MonotonicInstant
    private let wallNanoseconds: () -> Int64

    private var page = LogPage()
    private var handOverDue = MonotonicInstant.never
    private var timestamp: LogTimestamp
    private var spare: [AccessRecord] = []
    private var sampleNumber = 0

    /// - Parameter thread: The loop's, to which everything is confined.
    package init(
        _ log: AccessLog, thread: LoopThread, now: @escaping () -> MonotonicInstant = { .now },
        wallNanoseconds: @escaping () -> Int64 = { apus_wall_nanoseconds() }
    ) {
        self.log = log
        self.thread = thread
        line = AccessLine(log.configuration.format)
        timestamp = LogTimestamp(log.configuration.format)
        samplingPeriod = log.configuration.sampling.period
        withUserAgent = log.configuration.includesUserAgent
        self.now = now
        self.wallNanoseconds = wallNanoseconds
    }

    /// A request goes to the handler.
    func began(_ request: borrowing Request, on connection: Connection, _ identity: RequestIdentity) -> AccessRecord {
        let record = takeRecord(for: connection)
        record.note(identity)
        record.note(request, withUserAgent: withUserAgent)
        return record
    }

    /// What came is refused; `began` has not been called for it.
    func refused(_ refusal: ProtocolRefusal, on connection: Connection, _ identity: RequestIdentity) -> AccessRecord {
        let record = takeRecord(for: connection)
        record.noteRefusal(refusal.message)
        record.note(identity)
        if let memory = connection.memory, !memory.buffer.isEmpty {
            if memory.head.byteCount > 0 {
                let bodyStart = memory.head.byteCount
                let request = Request(
                    memory, bodyRange: bodyStart..<max(bodyStart, memory.buffer.count), peer: connection.peer, isLocal: connection.isLocal)
                record.note(request, withUserAgent: withUserAgent)
            } else {
                unsafe record.note(requestLineOf: memory.buffer.bytes)
            }
        }
        return record
    }

    /// A connection is turned away before anything of a request has come.
    func refusedConnection(_ peer: PeerAddress, listener: String?, because reason: String, status: HTTPStatus, began: MonotonicInstant) {
        assert(thread.isCurrent)
        let record = spare.popLast() ?? AccessRecord()
        record.begin(at: began, peer: peer, connectionID: log.makeConnectionID())
        record.noteRefusal(reason)
        ended(record, AccessOutcome(status: status), listener: listener)
    }

    /// The request of that record, or what was refused, has its end; the record is given up.
    func ended(_ record: AccessRecord, _ outcome: AccessOutcome, listener: String?) {
        assert(thread.isCurrent)
        if isWanted(record, outcome) { write(record, outcome, listener: listener) }
        if spare.count < Self.maxSpareCount { spare.append(record) }
    }

    /// Hands the page over when its oldest line has waited long enough; `now` is the time of the loop's turn.
    func handOverIfDue(_ now: MonotonicInstant) {
        if now >= handOverDue { handOver() }
    }

    /// Hands over what there is.
    package func handOver() {
        assert(thread.isCurrent)
        guard page.byteCount > 0 else { return }
        page = log.exchange(page)
        handOverDue = .never
    }

    private func takeRecord(for connection: Connection) -> AccessRecord {
        assert(thread.isCurrent)
        let record = spare.popLast() ?? AccessRecord()
        let connectionID = connection.accessID { log.makeConnectionID() }
        record.begin(at: connection.context.now, peer: connection.peer, connectionID: connectionID)
        return record
    }

    /// Errors of ours and refusals are rare and what one looks for, so that they are never left out.
    private func isWanted(_ record: AccessRecord, _ outcome: AccessOutcome) -> Bool {
        if samplingPeriod == 1 || outcome.status.code >= 500 || record.refusal != nil { return true }
        sampleNumber = sampleNumber + 1 < samplingPeriod ? sampleNumber + 1 : 0
        return sampleNumber == 0
    }

    private func write(_ record: AccessRecord, _ outcome: AccessOutcome, listener: String?) {
        let end = now()
        let duration = max(0, end.nanoseconds &- record.start.nanoseconds)
        page.addRecord { buffer in
            line.append(record, outcome, listener: listener, duration: duration, to: &buffer) { buffer in
                timestamp.append(end, wallNanoseconds: wallNanoseconds, to: &buffer)
            }
        }
        if page.isFull {
            handOver()
        } else if handOverDue == .never {
            handOverDue = end + Self.handOverInterval
        }
    }
}
