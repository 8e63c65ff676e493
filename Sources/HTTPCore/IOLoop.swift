import CPlatform
import Dispatch
package import Logging

/// Readiness of many sockets on one serial Dispatch queue.
///
/// The loop owns an epoll set; a single Dispatch source watches the set's own descriptor. When it fires, the handler
/// serves the set and *lingers*: it waits in epoll for a moment longer before it gives the thread back, so that a busy
/// loop costs what a thread of its own costs and an idle one costs nothing. Sockets are watched edge-triggered, once,
/// for both directions, so a request takes no call to change what is watched.
///
/// Everything is confined to the queue, apart from `post`.
@safe package final class IOLoop: @unchecked Sendable {
    /// What the kernel may hold of a response beyond what is under way to the client.
    private static let unsentByteCount: Int32 = 128 * 1024
    private static let lingerMilliseconds: Int32 = 2

    private enum Token {
        /// The wake and timer descriptors: they have done their work by ending the wait.
        static let signal = LoopDescriptors.signalToken
        static let firstListener = signal + 1
    }

    let context: ConnectionContext
    /// Whether the loop still takes its mail.
    let pulse = LoopPulse()
    private let placement: Placement
    private let acceptor: Acceptor
    private let queue: DispatchQueue
    /// Nil until the loop starts; an inactive source could not be released.
    private var source: (any DispatchSourceRead)?
    private let descriptors: LoopDescriptors
    private var poll: Int32 { descriptors.poll }
    private let events: UnsafeMutablePointer<apus_event>

    private var connections = ConnectionTable()
    private var wheel: TimerWheel
    private var armedFor = MonotonicInstant.never
    private var turns: [Connection] = []
    private var mail: [LoopMessage] = []
    private var isStopped = false

    package init(
        index: Int, configuration: HTTPServerConfiguration, placement: Placement, handler: any RequestHandler, logger: Logger
    ) throws(SocketError) {
        descriptors = try LoopDescriptors.open()
        self.placement = placement
        unsafe events = .allocate(capacity: APUS_EVENT_CAPACITY)
        let wake = descriptors.wake
        context = ConnectionContext(
            limits: configuration.limits, inFlightLimit: placement.inFlightLimit, serverName: configuration.serverName,
            strictTransportSecurity: configuration.strictTransportSecurity, handler: handler, logger: logger
        ) {
            // It can fail only when the counter is full, and then the loop is being woken already.
            _ = apus_wake(wake)
        }
        if configuration.namesRequests { context.numbering = RequestNumbering() }
        acceptor = Acceptor(
            poll: descriptors.poll, firstToken: Token.firstListener, context: context, placement: placement)
        wheel = TimerWheel(now: context.now)
        queue = DispatchQueue(label: "apus.http.loop-\(index)")
    }

    deinit {
        if source == nil { descriptors.close() }
        unsafe events.deallocate()
    }

    /// Begins to serve; the source keeps the loop alive until it is stopped.
    package func start() {
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptors.poll, queue: queue)
        self.source = source
        source.setEventHandler { self.run() }
        let descriptors = descriptors
        source.setCancelHandler { descriptors.close() }
        source.activate()
    }

    /// Has the loop serve the connection. From any thread; after the loop's end the socket is closed.
    package func post(_ accepted: AcceptedSocket) { context.mailbox.post(.adopt(accepted)) }

    /// Has the loop run `action`. From any thread; after the loop's end it does not run.
    package func post(_ action: @escaping @Sendable (IOLoop) -> Void) { context.mailbox.post(.perform(action)) }

    /// Accepts from a listener, on behalf of all loops; before `start`.
    func watch(_ listener: Listener) throws(SocketError) { try acceptor.watch(listener) }

    /// Serves until nothing has been ready for the length of the linger.
    private func run() {
        context.enter()
        defer {
            context.accessLog?.handOver()
            context.trim()
            context.leave()
        }
        var hasMail = context.mailbox.wakeUp()
        context.beginTurn()
        if hasMail { readMail() }
        while !isStopped {
            serveTurns()
            armTimer()
            let mayRest = turns.isEmpty && context.mailbox.fallAsleep()
            let count = unsafe apus_poll_wait(poll, events, mayRest ? Self.lingerMilliseconds : 0)
            if count < 0 { return context.logger.error("cannot wait for sockets", metadata: ["errno": "\(-count)"]) }
            if count == 0, mayRest { return }
            hasMail = context.mailbox.wakeUp()
            context.beginTurn()
            for index in 0..<Int(count) {
                unsafe serve(events[index].token, Readiness(rawValue: events[index].ready))
            }
            if hasMail { readMail() }
            serveTimers()
            context.accessLog?.handOverIfDue(context.now)
        }
    }

    private func serve(_ token: UInt64, _ readiness: Readiness) {
        if token < Token.signal {
            guard let connection = connections.connection(token) else { return }
            connection.ready(readiness)
            settle(connection)
        } else if token >= Token.firstListener {
            acceptor.ready(token, for: self)
        }
    }

    private func readMail() {
        context.mailbox.take(into: &mail)
        for message in mail {
            switch message {
            case .response(let connection, let response):
                connection.respond(with: response)
                settle(connection)
            // Behind a stop it is only dropped, and so closed.
            case .adopt(let accepted): if !isStopped { adopt(accepted) }
            case .perform(let action): action(self)
            }
        }
        mail.removeAll(keepingCapacity: true)
    }

    private func serveTurns() {
        // Here, not when events come: those that wait go first.
        context.handshakes.renew()
        guard !turns.isEmpty else { return }
        let waiting = turns
        turns.removeAll(keepingCapacity: true)
        for connection in waiting {
            connection.takeTurn()
            settle(connection)
        }
    }

    /// What has to follow whenever a connection has moved.
    private func settle(_ connection: Connection) {
        if connection.isClosed { return forget(connection) }
        if connection.claimTurn() { turns.append(connection) }
        wheel.schedule(connection.slot, at: connection.deadline)
    }

    private func forget(_ connection: Connection) {
        guard connections.connection(at: connection.slot) === connection else { return }
        connections.remove(connection)
        wheel.cancel(connection.slot)
        placement.release(connection.peer)
    }

    /// Sets what makes a TCP connection respond fast; a failure costs speed only.
    private static func tune(_ descriptor: Int32) {
        // Without this responses of several writes would wait for the client's acknowledgements.
        _ = apus_set_no_delay(descriptor)
        // Cutting a large response into the tiny segments of a client that hardly reads takes the kernel milliseconds, and
        // all of that within one send; so it is given no more than the client's progress calls for.
        _ = apus_limit_unsent(descriptor, unsentByteCount)
    }

    /// Makes an accepted socket a connection of this loop.
    func adopt(_ accepted: AcceptedSocket) {
        assert(context.isCurrent)
        guard let descriptor = accepted.takeDescriptor() else { return }
        let transport: any Transport
        do throws(TransportError) {
            transport = try accepted.transport.makeTransport(over: descriptor)
        } catch {
            return context.logger.error(
                "cannot serve a connection", metadata: ["peer": "\(accepted.peer)", "error": "\(error)"])
        }
        if !accepted.isLocal { Self.tune(descriptor) }
        // From here on `forget` releases it.
        accepted.takeAdmission()
        let connection = Connection(
            transport, peer: accepted.peer, isLocal: accepted.isLocal, isAdministrative: accepted.isAdministrative,
            listener: accepted.listener, context: context)
        let token = connections.insert(connection)
        let result = apus_poll_add_connection(poll, descriptor, token)
        if result < 0 {
            context.logger.error("cannot watch a connection", metadata: ["peer": "\(accepted.peer)", "errno": "\(-result)"])
            connection.close(reset: true)
        }
        settle(connection)
    }

    private func serveTimers() {
        for slot in wheel.takeDue(now: context.now) {
            guard let connection = connections.connection(at: slot) else { continue }
            connection.deadlinePassed()
            settle(connection)
        }
        acceptor.serveTimers(for: self)
    }

    /// Sets the timer that ends the wait for what is due first.
    private func armTimer() {
        let next = min(wheel.nextWake, acceptor.nextWake)
        guard next != armedFor else { return }
        armedFor = next
        let result = apus_timer_arm(descriptors.timer, next == .never ? 0 : next.nanoseconds)
        if result < 0 { context.logger.error("cannot set the timer of a loop", metadata: ["errno": "\(-result)"]) }
    }
}

// Starting and stopping.
extension IOLoop {
    /// Accepts from now on where clients were held.
    func acceptHeld() {
        assert(context.isCurrent)
        acceptor.acceptHeld()
    }

    /// Lets every connection end with its next response, while new ones are still accepted and served.
    func beginLeaving() {
        assert(context.isCurrent)
        context.isLeaving = true
    }

    /// Lets connections end as they come to rest, and closes the listeners once what the kernel has accepted is taken.
    func beginDrain() {
        assert(context.isCurrent)
        context.isDraining = true
        acceptor.beginDrain(for: self)
        for connection in connections.all {
            connection.beginDrain()
            settle(connection)
        }
    }

    /// Cuts what is left, and ends.
    package func stop() {
        assert(context.isCurrent)
        acceptor.closeAll()
        for connection in connections.all {
            connection.close(reset: true)
            settle(connection)
        }
        isStopped = true
        context.accessLog?.handOver()
        context.mailbox.close()
        context.pool.drain()
        source?.cancel()
    }
}
