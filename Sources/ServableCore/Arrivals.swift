import Dispatch
import Synchronization

/// Requests that wait for a version that is on its way. Safe from every thread.
package final class Arrivals: Sendable {
    /// Looks whether the wait is over.
    ///
    /// - Parameter isLast: the time is over, so that the wait has to end.
    /// - Returns: what is to be done then; nil to wait on. It is run on the thread that found the wait over, and must not block.
    package typealias Attempt = @Sendable (_ isLast: Bool) -> (@Sendable () -> Void)?

    private let waiting = Mutex<[String: [UInt64: Waiter]]>([:])
    private let number = Atomic<UInt64>(0)
    private let queue = DispatchQueue(label: "apus.arrivals")

    package init() {}

    /// Makes attempts until one ends the wait: at once, at each change of the model's versions, and when the time is over.
    package func wait(for model: String, timeout: Duration, _ attempt: @escaping Attempt) {
        let waiter = Waiter(attempt), number = number.add(1, ordering: .relaxed).newValue
        waiting.withLock { $0[model, default: [:]][number] = waiter }
        // After it is listed: no change is missed.
        guard !waiter.tries(isLast: timeout <= .zero) else { return remove(number, of: model) }
        queue.asyncAfter(deadline: .now() + timeout / .seconds(1)) { [weak self, weak waiter] in
            guard let waiter else { return }
            _ = waiter.tries(isLast: true)
            self?.remove(number, of: model)
        }
    }

    /// A version of the model has come, or failed to.
    func changed(_ model: String) {
        guard let waiters = waiting.withLock({ $0[model] }) else { return }
        for (number, waiter) in waiters.sorted(by: { $0.key < $1.key }) where waiter.tries(isLast: false) {
            remove(number, of: model)
        }
    }

    /// It has become known which models there are.
    func changedAll() {
        for model in waiting.withLock({ Array($0.keys) }) { changed(model) }
    }

    private func remove(_ number: UInt64, of model: String) {
        let removed = waiting.withLock { waiting in
            let waiter = waiting[model]?.removeValue(forKey: number)
            if waiting[model]?.isEmpty ?? false { waiting[model] = nil }
            return waiter
        }
        withExtendedLifetime(removed) {}
    }

    private final class Waiter: Sendable {
        /// Nil once the wait is over.
        private let attempt: Mutex<Attempt?>

        init(_ attempt: @escaping Attempt) { self.attempt = Mutex(attempt) }

        /// Whether the wait is over.
        func tries(isLast: Bool) -> Bool {
            let (action, isOver) = attempt.withLock { attempt -> ((@Sendable () -> Void)?, Bool) in
                guard let current = attempt else { return (nil, true) }
                let action = current(isLast)
                if action != nil { attempt = nil }
                return (action, action != nil)
            }
            action?()
            return isOver
        }
    }
}
