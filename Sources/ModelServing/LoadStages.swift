import Logging
import ServableCore

/// How long the stages of one load took, for the log: `read in 1 ms, compiled in 12 ms, warmed up in 3 ms`.
struct LoadStages: CustomStringConvertible {
    private let clock = ContinuousClock()
    private var began: ContinuousClock.Instant
    private var ended: [(name: String, duration: Duration)] = []

    init() { began = clock.now }

    /// The stage that was under way is over.
    mutating func end(_ name: String) {
        let now = clock.now
        ended.append((name, now - began))
        began = now
    }

    var description: String { ended.map { "\($0.name) in \(ElapsedTime.text($0.duration))" }.joined(separator: ", ") }

    /// The same for logs that machines read, in milliseconds.
    var facts: Logger.Metadata {
        ended.reduce(into: [:]) { facts, stage in
            let key = ".\(stage.name.split(separator: " ").joined(separator: "_"))_ms"
            facts[key] = .stringConvertible(Double(Int64(stage.duration / .microseconds(1))) / 1_000)
        }
    }
}
