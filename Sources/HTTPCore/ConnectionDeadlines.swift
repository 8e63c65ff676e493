// What a connection does when time runs out, or when the server wants to stop.

extension Connection {
    /// Acts when a deadline has really passed; it may have moved since the timer was set.
    package func deadlinePassed() {
        assert(context.isCurrent)
        guard !isClosed, context.now >= deadline else { return }
        if !output.isEmpty { return writeWindowEnded() }
        switch state {
        case .idle:
            state = .finishing
        case .head:
            context.counters.timedOutConnections.add(1)
            refuse(ProtocolRefusal(.requestTimeout, "the request head did not arrive within \(context.limits.headTimeout)"))
        case .body(let window):
            bodyWindowEnded(window)
        case .lingering:
            return close(reset: false)
        case .handling, .finishing, .closed:
            break
        }
        drive()
    }

    private func bodyWindowEnded(_ window: ProgressWindow) {
        if window.isSufficient(context.limits.minBytesPerSecond, for: context.limits.bodyTimeout) {
            state = .body(ProgressWindow(until: context.now + context.times.body))
        } else {
            context.counters.timedOutConnections.add(1)
            refuse(
                ProtocolRefusal(
                    .requestTimeout, "the request body came slower than \(context.limits.minBytesPerSecond) bytes a second"))
        }
    }

    private func writeWindowEnded() {
        guard let writeWindow else { return }
        if writeWindow.isSufficient(context.limits.minBytesPerSecond, for: context.limits.writeTimeout) {
            beginWriteWindow()
        } else {
            context.counters.timedOutConnections.add(1)
            close(reset: true)
        }
    }

    /// The server drains: a connection at rest stays only as long as a request may be under way.
    package func beginDrain() {
        assert(context.isCurrent)
        guard case .idle(let end) = state else { return }
        state = .idle(until: min(end, context.now + context.times.drainGrace))
    }
}
