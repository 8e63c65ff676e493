import CPlatform
import GRPCCore
import ServableCore
import Synchronization

/// Whose result a run is: the client that waits for one call.
final class CallToken: AbandonableRequest {
    private let hasLeft = Atomic(false)
    /// Of a call that gRPC's library carries; nil for one whose stream says itself when the client leaves.
    private let cancellation: ServerContext.RPCCancellationHandle?
    /// A server that drains cancels every call of the library (that long ones may end); only before that does cancellation mean that
    /// the client has left.
    private let drain: DrainFlag
    /// When the client stops waiting, in nanoseconds of the monotonic clock; nil: it does not say.
    let deadline: Int64?

    init(_ cancellation: ServerContext.RPCCancellationHandle?, deadline: Int64?, _ drain: DrainFlag) {
        self.cancellation = cancellation
        self.deadline = deadline
        self.drain = drain
    }

    var isAbandoned: Bool {
        hasLeft.load(ordering: .relaxed) || cancellation.map { $0.isCancelled && !drain.isSet } ?? false
    }

    /// The client has left.
    func leave() { hasLeft.store(true, ordering: .relaxed) }

    var isOverdue: Bool { deadline.map { $0 <= apus_monotonic_nanoseconds() } ?? false }
}
