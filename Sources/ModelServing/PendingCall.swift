import Batching
import CPlatform
import GraphIR
import Inference
import ServableCore
import Synchronization
import Tensors

/// A call on its way through a queue to a lane, with its reply. Whoever finishes it first decides the result.
final class PendingCall: BatchTask {
    /// Only requests whose rows look alike run together.
    enum GroupKey: Hashable, Sendable {
        /// Type and shape of one row of every input.
        case rows([TensorSpec])
        /// A request that shares its run with nobody.
        case alone(UInt64)
    }

    let inputs: CallInputs
    let rowCount: Int
    let groupKey: GroupKey
    let deadline: ContinuousClock.Instant?
    let isTimeoutOfClient: Bool
    /// In nanoseconds of the monotonic clock.
    let submitted = apus_monotonic_nanoseconds()
    private let request: (any AbandonableRequest)?
    /// Keeps the version alive until the result is given.
    private let handle: ServableHandle?
    private let reply: any PredictReply
    private let hasFinished = Atomic(false)

    init(_ call: consuming PredictCall, rowCount: Int, groupKey: GroupKey, handle: ServableHandle?, reply: any PredictReply) {
        inputs = call.inputs
        self.rowCount = rowCount
        self.groupKey = groupKey
        deadline = call.deadline
        isTimeoutOfClient = call.isTimeoutOfClient
        request = call.request
        self.handle = handle
        self.reply = reply
    }

    var isAbandoned: Bool { request?.isAbandoned ?? false }
    /// Whether the result has been given.
    var isFinished: Bool { hasFinished.load(ordering: .acquiring) }

    func succeed(_ outputs: CallOutputs) {
        if finishes() { reply.succeed(outputs) }
    }

    func fail(_ error: ServableError) {
        if finishes() { reply.fail(error) }
    }

    /// Says why the call left its queue unrun.
    func failUnrun() {
        if isAbandoned {
            fail(ServableError(.cancelled, "the client closed its connection before its request's turn"))
        } else if isTimeoutOfClient {
            fail(ServableError(.deadlineExceeded, "the request's time was over before its turn"))
        } else {
            fail(ServableError(.resourceExhausted, "Run() timeout exceeded while waiting in batching queue"))
        }
    }

    /// Gives the result to nobody else from now on.
    private func finishes() -> Bool { !hasFinished.exchange(true, ordering: .acquiringAndReleasing) }

    /// The only task of its group: nothing shares its run.
    var isAlone: Bool {
        if case .alone = groupKey { true } else { false }
    }
}

/// Calls that run together now, and the token that stops them.
struct RunningBatch: Sendable {
    let calls: [PendingCall]
    let token: RunToken

    /// Fails the calls that are over their time or abandoned; stops the run when nobody is left.
    func watch(now: ContinuousClock.Instant) {
        var reason = RunToken.Reason.abandoned
        for call in calls where !call.isFinished {
            if let deadline = call.deadline, deadline <= now {
                reason = .deadline
                call.fail(ServableError(.deadlineExceeded, "the prediction did not finish within the request's time"))
            } else if call.isAbandoned {
                call.fail(ServableError(.cancelled, "the client closed its connection before its prediction had finished"))
            }
        }
        if calls.allSatisfy(\.isFinished) { token.stop(reason) }
    }
}
