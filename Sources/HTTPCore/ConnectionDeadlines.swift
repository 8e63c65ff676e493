// What a connection does when time runs out, or when the server wants to stop.

extension Connection {
    /// Acts when a deadline has really passed; it may have moved since the timer was set.
    package func deadlinePassed() {
        guard phase != .closed, context.now >= deadline else { return }
        if !output.isEmpty { return writeWindowEnded() }
        switch phase {
        case .idle:
            phase = .finishing
        case .head:
            context.counters.timedOutConnections.add(1)
            refuse(ProtocolRefusal(.requestTimeout, "the request head did not arrive within \(context.limits.headTimeout)"))
        case .body:
            bodyWindowEnded()
        case .lingering:
            return close(reset: false)
        case .handling, .finishing, .closed:
            break
        }
        drive()
    }

    private func bodyWindowEnded() {
        if bytesInBodyWindow >= leastBytes(in: context.limits.bodyTimeout) {
            bytesInBodyWindow = 0
            phaseDeadline = context.now + context.times.body
        } else {
            context.counters.timedOutConnections.add(1)
            refuse(
                ProtocolRefusal(
                    .requestTimeout, "the request body came slower than \(context.limits.minBytesPerSecond) bytes a second"))
        }
    }

    private func writeWindowEnded() {
        if bytesInWriteWindow >= leastBytes(in: context.limits.writeTimeout) {
            beginWriteWindow()
        } else {
            context.counters.timedOutConnections.add(1)
            close(reset: true)
        }
    }

    /// At least one byte has to move in any window.
    private func leastBytes(in window: Duration) -> Int {
        let (perSecond, overflow) = context.limits.minBytesPerSecond
            .multipliedReportingOverflow(by: Int(window.wholeNanoseconds / 1_000_000))
        return overflow ? .max : max(1, perSecond / 1000)
    }

    /// The server drains: a connection at rest stays only as long as a request may be under way.
    package func beginDrain() {
        guard phase == .idle else { return }
        phaseDeadline = min(phaseDeadline, context.now + context.times.drainGrace)
    }
}
