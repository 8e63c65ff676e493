/// Decides when something that may happen thousands of times a second is worth a line in the log: at once, and then
/// every ten seconds at most.
struct LogThrottle {
    private static let silence: Duration = .seconds(10)

    private var silentUntil: MonotonicInstant?
    private var count = 0

    /// Counts one event; returns how many there have been since the last line when it is time for another, else nil.
    mutating func occurred(at now: MonotonicInstant) -> Int? {
        count += 1
        if let silentUntil, now < silentUntil { return nil }
        silentUntil = now + Self.silence
        defer { count = 0 }
        return count
    }
}
