import Synchronization

/// Hands each event to every subscriber. Subscribers get what is sent after they came; nothing is dropped.
final class EventHub: Sendable {
    private let subscribers = Mutex(Subscribers())

    func subscribe() -> AsyncStream<ServableEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: ServableEvent.self, bufferingPolicy: .unbounded)
        let number = subscribers.withLock { subscribers -> Int? in
            guard !subscribers.isFinished else { return nil }
            subscribers.nextNumber += 1
            subscribers.continuations[subscribers.nextNumber] = continuation
            return subscribers.nextNumber
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in self?.remove(number) }
        return stream
    }

    func send(_ event: ServableEvent) {
        for continuation in subscribers.withLock({ Array($0.continuations.values) }) { continuation.yield(event) }
    }

    /// Ends every stream; a later subscriber gets an empty one.
    func finish() {
        let ended = subscribers.withLock { subscribers in
            subscribers.isFinished = true
            defer { subscribers.continuations = [:] }
            return Array(subscribers.continuations.values)
        }
        for continuation in ended { continuation.finish() }
    }

    private func remove(_ number: Int) {
        let removed = subscribers.withLock { $0.continuations.removeValue(forKey: number) }
        withExtendedLifetime(removed) {}
    }

    private struct Subscribers {
        var continuations: [Int: AsyncStream<ServableEvent>.Continuation] = [:]
        var nextNumber = 0
        var isFinished = false
    }
}
