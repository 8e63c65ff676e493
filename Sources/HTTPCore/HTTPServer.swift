package import Logging
import Synchronization

/// An HTTP/1.1 server on raw sockets: listeners, loops, and their common end.
///
/// `start` once, then `drain` once; both from anywhere. The handler runs on the loops' queues.
package final class HTTPServer: Sendable {
    private struct State {
        var loops: [IOLoop] = []
        var addresses: [BoundAddress] = []
        var accessLog: AccessLog?
        var isDraining = false
        /// What the loops had counted when they stopped.
        var final: ServerStatistics?
    }

    /// How long the end of a drain waits for the access log's destination.
    private static let accessLogGrace: Duration = .seconds(2)

    private let configuration: HTTPServerConfiguration
    private let handler: any RequestHandler
    private let logger: Logger
    private let descriptorLimit: DescriptorLimit
    private let placement: Placement
    private let state = Mutex(State())

    package init(configuration: HTTPServerConfiguration, handler: any RequestHandler, logger: Logger) {
        self.configuration = configuration
        self.handler = handler
        self.logger = logger
        descriptorLimit = .current
        placement = Placement(configuration.limits, descriptors: descriptorLimit)
    }

    /// Listens and serves; returns at once. When one listener cannot be opened none is.
    package func start() throws(SocketError) {
        let accessLog = try openAccessLog()
        let listeners = try openListeners()
        let loops: [IOLoop]
        do throws(SocketError) {
            loops = try makeLoops(accessLog)
            for listener in listeners where listener.isInherited && !listener.isAdministrative {
                listener.isHeld = configuration.holdsInherited
            }
            for listener in listeners { try loops[0].watch(listener) }
        } catch {
            listeners.forEach { $0.close() }
            throw error
        }
        placement.setLoops(loops)
        for _ in listeners { placement.admission.listenerOpened() }
        let addresses = listeners.map(\.address), locations = listeners.map { $0.location + ($0.isAdministrative ? ", for operators" : "") }
        state.withLock { state in
            precondition(state.loops.isEmpty && !state.isDraining, "a server is started once")
            state.loops = loops
            state.addresses = addresses
            state.accessLog = accessLog
        }
        loops.forEach { $0.start() }
        if let warning = descriptorLimit.warning(maxConnections: configuration.limits.maxConnections) {
            logger.warning("\(warning)")
        }
        for (location, address) in zip(locations, addresses) {
            logger.info("listening on \(location)", metadata: [".address": "\(address)"])
        }
    }

    /// Where the server listens, in the order of the configuration; ports are the real ones.
    package var boundAddresses: [BoundAddress] { state.withLock(\.addresses) }

    package var statistics: ServerStatistics {
        let (loops, final, accessLog) = state.withLock { ($0.loops, $0.final, $0.accessLog) }
        var sum = final ?? ServerStatistics()
        sum.droppedLogRecords = accessLog?.droppedRecordCount ?? 0
        if final != nil { return sum }
        for loop in loops { loop.context.counters.addSnapshot(to: &sum) }
        sum.openConnections = placement.admission.openCount
        return sum
    }

    /// Opens the access log's file anew, after it was rotated; the old one goes on until that is committed. Nil without a log.
    package func prepareAccessLog() throws(SocketError) -> AccessLog.Reopening? {
        try state.withLock(\.accessLog)?.prepareReopening()
    }

    /// Accepts from now on from sockets that were handed over, where the configuration has held their clients back.
    package func acceptHeld() { post { $0.acceptHeld() } }

    /// Lets every connection end with its next response (`Connection: close`), while new ones are still accepted: what a proxy needs
    /// to find another server before this one goes.
    package func beginLeaving() { post { $0.beginLeaving() } }

    /// Asks every loop for a sign of life.
    ///
    /// - Returns: for each loop, by number, whether it has answered since it was last asked.
    package func askLoops() -> [Bool] {
        state.withLock(\.loops).map { loop in loop.pulse.ask { loop.post { $0.pulse.answer() } } }
    }

    private func post(_ action: @escaping @Sendable (IOLoop) -> Void) {
        for loop in state.withLock(\.loops) { loop.post(action) }
    }

    /// Refuses new connections and lets the present ones end with their next response.
    ///
    /// What the kernel has accepted by now is still served.
    package func stopAccepting() {
        let loops = state.withLock { state in
            let isFirst = !state.isDraining
            state.isDraining = true
            return isFirst ? state.loops : []
        }
        for loop in loops { loop.post { $0.beginDrain() } }
    }

    /// Stops accepting, waits until every request is answered and every connection closed, and ends the loops.
    ///
    /// What is not done after `timeout`, or when the task is cancelled, is cut.
    package func drain(timeout: Duration) async -> DrainResult {
        stopAccepting()
        let clock = ContinuousClock()
        let start = clock.now
        while !placement.admission.isQuiet, clock.now - start < timeout {
            do { try await Task.sleep(for: .milliseconds(5)) } catch { break }
        }
        return await finish(after: clock.now - start)
    }

    /// Cuts what is left and ends the loops; only the first call finds any.
    private func finish(after elapsed: Duration) async -> DrainResult {
        let now = statistics
        let loops = state.withLock { state in
            defer { state.loops = [] }
            if state.final == nil { state.final = now }
            return state.loops
        }
        let result = DrainResult(
            elapsed: elapsed, cutConnections: now.openConnections, cutRequests: now.requestsInFlight)
        guard !loops.isEmpty else { return result }
        for loop in loops {
            await withCheckedContinuation { continuation in
                loop.post { loop in
                    loop.stop()
                    continuation.resume()
                }
            }
        }
        placement.setLoops([])
        await flushAccessLog()
        return result
    }

    private func openListeners() throws(SocketError) -> [Listener] {
        var listeners: [Listener] = []
        for listener in configuration.listeners {
            do throws(SocketError) {
                let opened = try Listener.open(listener)
                for one in opened { one.isAdministrative = listener.isAdministrative }
                listeners += opened
            } catch {
                listeners.forEach { $0.close() }
                throw error
            }
        }
        return listeners
    }

    private func openAccessLog() throws(SocketError) -> AccessLog? {
        guard let wanted = configuration.accessLog else { return nil }
        return try AccessLog(wanted, logger: logger)
    }

    /// Writes what the loops have logged to their end.
    private func flushAccessLog() async {
        guard let accessLog = state.withLock(\.accessLog) else { return }
        guard await !accessLog.finish(timeout: Self.accessLogGrace) else { return }
        logger.error(
            "the access log's last records are lost: its destination did not take them in time",
            metadata: ["destination": "\(accessLog.configuration.destination)"])
    }

    private func makeLoops(_ accessLog: AccessLog?) throws(SocketError) -> [IOLoop] {
        var loops: [IOLoop] = []
        for index in 0..<configuration.loopCount {
            let loop = try IOLoop(
                index: index, configuration: configuration, placement: placement, handler: handler, logger: logger)
            loop.context.accessLog = accessLog.map { LoopAccessLog($0, thread: loop.context.thread) }
            loops.append(loop)
        }
        return loops
    }
}

/// How a drain ended.
package struct DrainResult: Sendable, Equatable {
    package let elapsed: Duration
    /// Connections that were still open and were cut.
    package let cutConnections: Int
    /// Requests among them that had not been answered.
    package let cutRequests: Int
}
