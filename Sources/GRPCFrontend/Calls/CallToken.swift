import CPlatform
import GRPCCore
import ServableCore

/// Whose result a run is: the client that waits for one call.
///
/// A server that drains cancels every call (that long ones may end); only before that does cancellation mean that the client has left.
final class CallToken: AbandonableRequest {
    private let cancellation: ServerContext.RPCCancellationHandle
    private let drain: DrainFlag
    /// When the client stops waiting, in nanoseconds of the monotonic clock; nil: it does not say.
    let deadline: Int64?

    init(_ cancellation: ServerContext.RPCCancellationHandle, deadline: Int64?, _ drain: DrainFlag) {
        self.cancellation = cancellation
        self.deadline = deadline
        self.drain = drain
    }

    var isAbandoned: Bool { cancellation.isCancelled && !drain.isSet }

    var isOverdue: Bool { deadline.map { $0 <= apus_monotonic_nanoseconds() } ?? false }
}
