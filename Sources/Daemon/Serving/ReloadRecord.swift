import ServableCore
import Synchronization

/// How reading the configuration went; any thread.
final class ReloadRecord: Sendable {
    struct Last: Sendable {
        /// Whether what was read last is in force.
        var isSuccessful = true
        /// The start counts as the first.
        var time = Timestamp.now()
        var acceptedCount = 0
        var refusedCount = 0
    }

    private let state = Mutex(Last())

    var last: Last { state.withLock { $0 } }

    func note(isSuccessful: Bool) {
        state.withLock { last in
            last.isSuccessful = isSuccessful
            last.time = Timestamp.now()
            if isSuccessful { last.acceptedCount += 1 } else { last.refusedCount += 1 }
        }
    }
}
