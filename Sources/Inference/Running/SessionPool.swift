import Synchronization

/// Idle sessions of one plan. There are as many as runs were ever under way at once.
final class SessionPool: Sendable {
    private let idle = Mutex<[InferenceSession]>([])

    /// An idle session or a new one; give it back with `put`.
    func take(for plan: Plan) -> InferenceSession {
        idle.withLock { $0.popLast() } ?? InferenceSession(plan: plan)
    }

    func put(_ session: InferenceSession) { idle.withLock { $0.append(session) } }
}
