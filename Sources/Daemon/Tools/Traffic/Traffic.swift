import Dispatch
import Glibc
import ServableCore
import Synchronization

/// One request that is sent, maybe many times.
struct OutgoingRequest: Sendable {
    let path: String
    let contentType: String
    let body: [UInt8]
}

/// Sends requests to a running daemon by several clients and measures each.
///
/// In a closed loop each client sends its next request when the last is answered. In an open loop requests are due at a rate that does
/// not wait for answers, and a duration counts from when its request was due: a daemon that stalls shows in every request that should
/// have been sent meanwhile, which a closed loop does not send at all.
struct Traffic {
    let address: DaemonAddress
    /// At least one; sent in turn.
    let requests: [OutgoingRequest]
    let clientCount: Int
    /// Requests a second of an open loop; nil for a closed one.
    let rate: Double?
    /// How long the requests are repeated; nil sends each once.
    let duration: Duration?

    /// What the clients have measured.
    struct Measurements: Sendable {
        var latencies = LatencyHistogram()
        var statuses: [Int: Int] = [:]
        /// Requests without a response: the connection was refused or closed.
        var failureCount = 0
        var failure: CommandFailure?
        var elapsed = Duration.zero
        var wasInterrupted = false
    }

    /// After a failed connection a client waits, so that it does not spend its time in calls that are refused.
    private static let pauseAfterFailure = Duration.milliseconds(10)

    /// - Throws: when no request was answered at all.
    func run() throws(CommandFailure) -> Measurements {
        // A daemon that is not there is an error before anything is measured.
        _ = try ClientConnection(address)
        let interruption = Interruption(), clock = ContinuousClock()
        let shared = SharedMeasurements(), next = SharedCounter()
        let bytes = requests.map {
            ClientConnection.bytes("POST", $0.path, to: address, contentType: $0.contentType, body: $0.body)
        }
        let start = clock.now
        let run = Run(
            address: address, requests: bytes, next: next, start: start, end: duration.map { start + $0 }, rate: rate, shared: shared,
            interruption: interruption)
        let progress = Progress { Self.progress(shared.count, start, duration) }
        let group = DispatchGroup()
        // Each client has a thread of its own, as it blocks.
        let threads = (0..<clientCount).map { _ in WorkThread(priority: .normal) }
        for thread in threads {
            group.enter()
            thread.async {
                run.client()
                group.leave()
            }
        }
        group.wait()
        progress.finish()
        var total = shared.total
        total.elapsed = clock.now - start
        total.wasInterrupted = interruption.isRequested
        if total.latencies.count == 0, let failure = total.failure { throw failure }
        return total
    }

    private static func progress(_ count: Int, _ start: ContinuousClock.Instant, _ duration: Duration?) -> String {
        let elapsed = ContinuousClock.now - start
        let seconds = HumanText.fixed(elapsed.nanoseconds / 1e9, decimals: 1)
        let limit = duration.map { " of \(HumanText.duration($0))" } ?? ""
        let rate = HumanText.rate(Double(count) / max(elapsed.nanoseconds / 1e9, 1e-9))
        return "measuring: \(seconds) s\(limit), \(HumanText.plural(count, "request")), \(rate) (Ctrl-C ends and reports)"
    }

    /// What all clients of one measurement share.
    private struct Run: Sendable {
        let address: DaemonAddress
        let requests: [[UInt8]]
        let next: SharedCounter
        let start: ContinuousClock.Instant
        let end: ContinuousClock.Instant?
        let rate: Double?
        let shared: SharedMeasurements
        let interruption: Interruption

        /// One client's requests, until the time is over or all are sent.
        func client() {
            let clock = ContinuousClock()
            var own = Measurements()
            var connection: ClientConnection?
            while !interruption.isRequested {
                let index = next.take()
                guard let due = due(index) else { break }
                if rate != nil { wait(until: due, clock) }
                guard end.map({ clock.now < $0 }) ?? true, !interruption.isRequested else { break }
                let began = rate == nil ? clock.now : due
                do throws(CommandFailure) {
                    let response = try send(index, by: &connection)
                    own.latencies.add(clock.now - began)
                    own.statuses[response.status, default: 0] += 1
                    shared.countOne()
                } catch {
                    own.failureCount += 1
                    own.failure = own.failure ?? error
                    wait(until: clock.now + Traffic.pauseAfterFailure, clock)
                }
            }
            shared.add(own)
        }

        private func send(_ index: Int, by connection: inout ClientConnection?) throws(CommandFailure) -> ClientConnection.Response {
            let request = requests[index % requests.count]
            if let connection { return try connection.send(request) }
            let opened = try ClientConnection(address)
            connection = opened
            return try opened.send(request)
        }

        /// When request `index` is to be sent; nil when there is none.
        private func due(_ index: Int) -> ContinuousClock.Instant? {
            if end == nil, index >= requests.count { return nil }
            guard let rate else { return start }
            let due = start + .nanoseconds(Int64(min(Double(index) / rate * 1e9, 1e18)))
            return end.map { due < $0 } ?? true ? due : nil
        }

        /// Sleeps in short turns, so that Ctrl-C is noticed.
        private func wait(until instant: ContinuousClock.Instant, _ clock: ContinuousClock) {
            while !interruption.isRequested {
                let left = (instant - clock.now).nanoseconds
                guard left > 0 else { return }
                Self.sleep(nanoseconds: min(left, 50e6))
            }
        }

        private static func sleep(nanoseconds: Double) {
            var time = timespec(tv_sec: 0, tv_nsec: Int(nanoseconds))
            nanosleep(&time, nil)
        }
    }
}

extension Traffic.Measurements {
    mutating func add(_ other: Traffic.Measurements) {
        latencies.merge(other.latencies)
        statuses.merge(other.statuses) { $0 + $1 }
        failureCount += other.failureCount
        failure = failure ?? other.failure
    }
}

/// The measurements of all clients together.
private final class SharedMeasurements: Sendable {
    private let all = Mutex(Traffic.Measurements())
    private let answered = Atomic(0)

    var total: Traffic.Measurements { all.withLock { $0 } }
    /// Requests answered so far.
    var count: Int { answered.load(ordering: .relaxed) }
    func countOne() { answered.wrappingAdd(1, ordering: .relaxed) }
    func add(_ own: Traffic.Measurements) { all.withLock { $0.add(own) } }
}

/// Counts up from 0, for every thread.
private final class SharedCounter: Sendable {
    private let next = Atomic(0)

    func take() -> Int { next.wrappingAdd(1, ordering: .relaxed).oldValue }
}
