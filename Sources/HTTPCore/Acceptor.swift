import CPlatform
import Glibc
import Logging

/// Takes connections from the listeners of one loop and hands them out; confined to the loop's queue.
final class Acceptor {
    private static let acceptsPerTurn = 64
    private static let pause: Duration = .milliseconds(200)
    /// Newcomers under way when a drain begins have this long to arrive before their listener closes.
    private static let arrivalGrace: Duration = .milliseconds(50)

    private let poll: Int32
    private let firstToken: UInt64
    private let context: ConnectionContext
    private let placement: Placement
    /// In the order of their tokens; nil when closed.
    private var listeners: [Listener?] = []
    private var reserve = ReserveDescriptor()
    private var exhaustionLog = LogThrottle()
    private var limitLog = LogThrottle()

    /// When `serveTimers` wants to be called at the earliest.
    private(set) var nextWake = MonotonicInstant.never

    /// - Parameters:
    ///   - poll: The loop's epoll set.
    ///   - firstToken: The listeners' tokens count from here.
    init(poll: Int32, firstToken: UInt64, context: ConnectionContext, placement: Placement) {
        self.poll = poll
        self.firstToken = firstToken
        self.context = context
        self.placement = placement
    }

    deinit { reserve.close() }

    /// Takes over a listener; before the loop starts.
    func watch(_ listener: Listener) throws(SocketError) {
        let result = apus_poll_add_listener(poll, listener.descriptor, firstToken + UInt64(listeners.count))
        guard result >= 0 else { throw SocketError(.watch, listener.address.description, errno: -result) }
        listeners.append(listener)
        reserve.take()
        if listener.isHeld { setEnabled(false, listener, at: listeners.count - 1) }
    }

    /// Accepts from now on where clients were held.
    func acceptHeld() {
        for (index, listener) in listeners.enumerated() {
            guard let listener, listener.isHeld else { continue }
            listener.isHeld = false
            setEnabled(true, listener, at: index)
        }
    }

    /// The listener of that token has clients waiting.
    func ready(_ token: UInt64, for loop: IOLoop) {
        let index = Int(token - firstToken)
        guard index < listeners.count, let listener = listeners[index] else { return }
        guard case .exhausted(let errno) = acceptWaiting(listener, for: loop) else { return }
        let toldOne = (errno == EMFILE || errno == ENFILE) && refuseOne(listener)
        if let count = exhaustionLog.occurred(at: context.now) {
            context.logger.warning(
                "descriptors or memory are used up: clients are turned away or wait; raise LimitNOFILE or lower the connection limit",
                metadata: ["listener": "\(listener.address)", "errno": "\(errno)", "count": "\(count)"])
        }
        if !toldOne { suspend(listener, at: index) }
    }

    /// Accepts again where a pause is over, and closes what has drained.
    func serveTimers(for loop: IOLoop) {
        guard context.now >= nextWake else { return }
        for (index, listener) in listeners.enumerated() {
            guard let listener else { continue }
            if let due = listener.closesAt, context.now >= due {
                takeLast(listener, for: loop)
                close(at: index)
            } else if let due = listener.resumesAt, context.now >= due {
                listener.resumesAt = nil
                reserve.take()
                setEnabled(true, listener, at: index)
            }
        }
        updateWake()
    }

    /// Stops newcomers, and closes the listeners once what the kernel has accepted is taken.
    func beginDrain(for loop: IOLoop) {
        for (index, listener) in listeners.enumerated() {
            guard let listener else { continue }
            if listener.isHeld {
                // Whoever has the socket open, too, hands those who wait to the next process.
                close(at: index)
            } else if listener.stopNewcomers() {
                listener.closesAt = context.now + Self.arrivalGrace
            } else {
                takeLast(listener, for: loop)
                close(at: index)
            }
        }
        updateWake()
    }

    func closeAll() {
        for index in listeners.indices { close(at: index) }
        reserve.close()
        updateWake()
    }

    private func close(at index: Int) {
        guard let listener = listeners[index] else { return }
        // Closing alone leaves a socket that another process has open too in the set, and it would report every client.
        _ = apus_poll_remove(poll, listener.descriptor)
        listener.close()
        listeners[index] = nil
        placement.admission.listenerClosed()
    }

    private func updateWake() {
        nextWake = .never
        for case let listener? in listeners {
            nextWake = min(nextWake, listener.closesAt ?? .never, listener.resumesAt ?? .never)
        }
    }
}

// Accepting.
extension Acceptor {
    private func acceptWaiting(_ listener: Listener, for loop: IOLoop) -> Listener.Outcome {
        listener.accept(budget: Self.acceptsPerTurn) { handOut($0, for: loop) }
    }

    /// Empties the kernel's queue, which a socket that stays open elsewhere may go on filling.
    private func takeLast(_ listener: Listener, for loop: IOLoop) {
        _ = listener.accept(budget: 4 * Int(Listener.backlog)) { handOut($0, for: loop) }
    }

    private func handOut(_ accepted: AcceptedSocket, for loop: IOLoop) {
        context.counters.acceptedConnections.add(1)
        guard let target = placement.place(accepted, near: loop) else {
            if let count = limitLog.occurred(at: context.now) {
                context.logger.warning(
                    "clients are turned away: as many connections are open as may be, in all or from one client",
                    metadata: ["peer": "\(accepted.peer)", "open": "\(placement.admission.openCount)", "count": "\(count)"])
            }
            return refuse(accepted)
        }
        if target === loop { loop.adopt(accepted) } else { target.post(accepted) }
    }

    private func refuse(_ accepted: AcceptedSocket) {
        context.counters.refusedConnections.add(1)
        context.accessLog?.refusedConnection(
            accepted.peer, listener: accepted.listener, because: Overload.reason, status: .serviceUnavailable, began: context.now)
        Overload.refuse(accepted)
    }

    /// Takes one client by the reserve and turns it away; returns whether that was possible, or not even needed.
    private func refuseOne(_ listener: Listener) -> Bool {
        let outcome = reserve.lend {
            listener.accept(budget: 1) { accepted in
                context.counters.acceptedConnections.add(1)
                refuse(accepted)
            }
        }
        switch outcome {
        case .drained, .more: return true
        case .exhausted, nil: return false
        }
    }

    /// The listener stays readable, so it is silenced for a while instead of reported again and again.
    private func suspend(_ listener: Listener, at index: Int) {
        context.counters.acceptPauses.add(1)
        listener.resumesAt = context.now + Self.pause
        setEnabled(false, listener, at: index)
        updateWake()
    }

    private func setEnabled(_ isEnabled: Bool, _ listener: Listener, at index: Int) {
        let result = apus_poll_enable_listener(poll, listener.descriptor, firstToken + UInt64(index), isEnabled ? 1 : 0)
        if result < 0 { context.logger.error("cannot change the watch of a listener", metadata: ["errno": "\(-result)"]) }
    }
}
