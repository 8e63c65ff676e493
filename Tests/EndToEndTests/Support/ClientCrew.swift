import Foundation
import Synchronization

/// Clients on threads of their own, which work until they are told to stop or something goes wrong.
final class ClientCrew: Sendable {
    private let members = DispatchGroup()
    private let isStopped = Atomic(false)
    private let reported = Mutex<[String]>([])

    /// - Parameter work: one client's, by its number; what it throws is a failure.
    init(count: Int, _ work: @escaping @Sendable (_ client: Int, _ crew: ClientCrew) throws -> Void) {
        for client in 0..<count {
            members.enter()
            let thread = Thread { [self] in
                do {
                    try work(client, self)
                } catch {
                    reported.withLock { $0.append("client \(client): \(error)") }
                }
                members.leave()
            }
            thread.start()
        }
    }

    var isStopping: Bool { isStopped.load(ordering: .relaxed) }
    var failures: [String] { reported.withLock(\.self) }

    func stop() { isStopped.store(true, ordering: .relaxed) }

    /// Waits until every client has ended, and answers what went wrong.
    func finish() async -> [String] {
        await withCheckedContinuation { continuation in
            members.notify(queue: .global()) { continuation.resume() }
        }
        return failures
    }
}
