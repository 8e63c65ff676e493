import CPlatform
package import ServableCore
import Synchronization

/// Requests that wait until their model is loaded, with copies of what they brought. Bounded: beyond the limits they are refused at once.
package final class HeldRequests: Sendable {
    private static let maxCount = 16_384
    private static let maxByteCount = 256 << 20

    private let backend: any PredictionBackend
    private let executor: (any RequestExecutor)?
    private let held = Mutex((count: 0, byteCount: 0))

    /// - Parameter executor: where requests go on; nil: on the thread that knows that they may.
    package init(_ backend: any PredictionBackend, executor: (any RequestExecutor)?) {
        self.backend = backend
        self.executor = executor
    }

    /// Which version a request is for.
    package struct Address: Sendable {
        /// Nil means the only model.
        package let model: String?
        package let selector: VersionSelector

        package init(model: String?, selector: VersionSelector) {
            self.model = model
            self.selector = selector
        }
    }

    /// Waits for the version of a request that was not found.
    ///
    /// - Parameters:
    ///   - start: of the request, in nanoseconds of the monotonic clock.
    ///   - timeout: how long the request may take from its start on; nil: as long as it takes.
    ///   - byteCount: of what `resume` keeps.
    ///   - resume: called once, with the version or why it does not come; with the version on the executor's threads.
    /// - Returns: false when the request is not held, since the version is not on its way or there is no room, and `resume` not called.
    package func wait(
        for address: Address, start: Int64, timeout: Duration?, byteCount: Int,
        _ resume: @escaping @Sendable (Result<PredictionTarget, ServableError>) -> Void
    ) -> Bool {
        guard enter(byteCount) else { return false }
        let deadline = timeout.map { ContinuousClock.Instant.now + $0 - .nanoseconds(apus_monotonic_nanoseconds() - start) }
        let isHeld = backend.wait(for: address.model, address.selector, timeout: deadline.map { $0 - .now }) { [self] result in
            leave(byteCount)
            var result = result
            if case .failure(let error) = result, let deadline, deadline <= .now { result = .failure(Self.tooLate(error)) }
            goOn(result, until: deadline, resume)
        }
        if !isHeld { leave(byteCount) }
        return isHeld
    }

    private func goOn(
        _ result: Result<PredictionTarget, ServableError>, until deadline: ContinuousClock.Instant?,
        _ resume: @escaping @Sendable (Result<PredictionTarget, ServableError>) -> Void
    ) {
        guard let executor, case .success = result else { return resume(result) }
        executor.perform(.high, until: deadline) {
            resume(result)
        } expired: {
            resume(.failure(ServableError(.deadlineExceeded, "the request's time was over before a lane was free")))
        }
    }

    private static func tooLate(_ error: ServableError) -> ServableError {
        ServableError(.deadlineExceeded, "the request's time was over before its model was loaded: \(error.message)")
    }

    private func enter(_ byteCount: Int) -> Bool {
        held.withLock { held in
            guard held.count < Self.maxCount, byteCount <= Self.maxByteCount - held.byteCount else { return false }
            held.count += 1
            held.byteCount += byteCount
            return true
        }
    }

    private func leave(_ byteCount: Int) {
        held.withLock { held in
            held.count -= 1
            held.byteCount -= byteCount
        }
    }
}
