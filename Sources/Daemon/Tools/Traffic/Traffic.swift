import Dispatch
import RESTFrontend
import ServableCore
import Synchronization

/// Sends recorded requests to a running daemon again and measures each.
struct Replay {
    let path: String
    let url: String
    let clientCount: Int
    /// How long the requests are repeated; nil sends each once.
    let duration: Duration?

    /// Longer files are replayed in parts.
    private static let maximumFileByteCount = 1 << 30

    fileprivate struct Measurements {
        var durations: [Duration] = []
        var statuses: [Int: Int] = [:]
        var failure: CommandFailure?
    }

    func run() throws -> ReplayReport {
        let requests = try requests()
        let address = try HTTPAddress(url: url)
        let clock = ContinuousClock(), start = clock.now
        let next = SharedCounter(), measured = SharedMeasurements()
        let group = DispatchGroup()
        for number in 0..<clientCount {
            // Each client has a thread of its own, as it blocks: a serial queue has one whatever the others do.
            DispatchQueue(label: "apus.replay.\(number)").async(group: group) {
                let own = client(requests, address, next, until: duration.map { start + $0 })
                measured.add(own)
            }
        }
        group.wait()
        let all = measured.total
        if let failure = all.failure { throw failure }
        return ReplayReport(
            file: path, url: url, clients: clientCount, durations: all.durations.sorted(), elapsed: clock.now - start,
            statuses: all.statuses)
    }

    private func requests() throws -> [RecordedRequest] {
        let bytes: [UInt8]
        do throws(FileFault) {
            bytes = try FileReader.bytes(of: path, limit: Self.maximumFileByteCount)
        } catch {
            throw CommandFailure(.inputOutput, "--replay \(path): \(error)")
        }
        do throws(ServableError) {
            let requests = try RecordedRequests.read(bytes)
            guard !requests.isEmpty else { throw ServableError(.invalidArgument, "the file holds no requests") }
            return requests
        } catch {
            throw CommandFailure(.badData, "--replay \(path): \(error.message)")
        }
    }

    private func client(
        _ requests: [RecordedRequest], _ address: HTTPAddress, _ next: SharedCounter, until end: ContinuousClock.Instant?
    ) -> Measurements {
        let clock = ContinuousClock()
        var measured = Measurements()
        do throws(CommandFailure) {
            let connection = try ReplayConnection(address)
            while true {
                let index = next.take()
                guard end.map({ clock.now < $0 }) ?? (index < requests.count) else { break }
                let start = clock.now
                let status = try connection.send(requests[index % requests.count])
                measured.durations.append(clock.now - start)
                measured.statuses[status, default: 0] += 1
            }
        } catch {
            measured.failure = error
        }
        return measured
    }
}

extension Replay.Measurements {
    fileprivate mutating func add(_ other: Replay.Measurements) {
        durations += other.durations
        statuses.merge(other.statuses) { $0 + $1 }
        failure = failure ?? other.failure
    }
}

/// The measurements of all clients together.
private final class SharedMeasurements: Sendable {
    private let all = Mutex(Replay.Measurements())

    var total: Replay.Measurements { all.withLock { $0 } }
    func add(_ own: Replay.Measurements) { all.withLock { $0.add(own) } }
}

/// Counts up from 0, for every thread.
private final class SharedCounter: Sendable {
    private let next = Atomic(0)

    func take() -> Int { next.wrappingAdd(1, ordering: .relaxed).oldValue }
}
