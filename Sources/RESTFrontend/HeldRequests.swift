import ModelServing
import ServableCore

extension HeldRequests {
    /// Holds a request whose version was not found, if it is on its way and there is room; fails it otherwise, and when the version
    /// does not come.
    ///
    /// - Parameters:
    ///   - error: why the version was not found.
    ///   - timeout: how long the request may take from its start on; nil: as long as it takes.
    ///   - byteCount: of what `resume` keeps.
    ///   - resume: called once, on a lane, with the version.
    func hold(
        _ address: Address, _ reply: RESTReply, after error: ServableError, timeout: Duration?, byteCount: Int,
        _ resume: @escaping @Sendable (PredictionTarget) -> Void
    ) {
        let isHeld =
            error.code == .unavailable
            && wait(for: address, start: reply.record.start, timeout: timeout, byteCount: byteCount) { result in
                switch result {
                case .success(let target): resume(target)
                case .failure(let error): reply.fail(error)
                }
            }
        if !isHeld { reply.fail(error) }
    }
}
