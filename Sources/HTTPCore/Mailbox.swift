import Synchronization

private enum State {
    /// The loop waits, or is about to: the next message has to wake it.
    static let asleep: UInt8 = 0
    static let awake: UInt8 = 1
    /// Awake, or woken, with messages that it has not seen.
    static let hasMail: UInt8 = 2
}

/// Messages to a loop from any thread, waking it at most once for a burst and not at all while it is awake.
package final class Mailbox<Message: Sendable>: Sendable {
    private struct Contents {
        var messages: [Message] = []
        var isClosed = false
    }

    private let contents = Mutex(Contents())
    private let state = Atomic(State.asleep)
    private let wake: @Sendable () -> Void

    /// - Parameter wake: Ends the loop's wait; called from any thread.
    package init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    /// Adds a message; after `close` it is dropped.
    package func post(_ message: Message) {
        contents.withLock { contents in
            guard !contents.isClosed else { return }
            contents.messages.append(message)
            // Within the lock, so that after `close` nobody wakes a loop whose descriptors are gone.
            if state.exchange(State.hasMail, ordering: .sequentiallyConsistent) == State.asleep { wake() }
        }
    }

    /// The loop is about to wait; returns false when there is mail, so that it must not.
    package func fallAsleep() -> Bool {
        state.compareExchange(
            expected: State.awake, desired: State.asleep, ordering: .sequentiallyConsistent
        ).exchanged
    }

    /// The loop is awake; returns whether there is mail to take.
    package func wakeUp() -> Bool {
        state.exchange(State.awake, ordering: .sequentiallyConsistent) == State.hasMail
    }

    /// Exchanges the messages for the empty array given, so that both keep their memory.
    package func take(into batch: inout [Message]) {
        contents.withLock { contents in swap(&contents.messages, &batch) }
    }

    /// Drops what is there and what will come.
    package func close() {
        var dropped: [Message] = []
        contents.withLock { contents in
            contents.isClosed = true
            swap(&contents.messages, &dropped)
        }
        // They are released outside the lock: a last reference may run code that posts again.
        dropped.removeAll()
    }
}
