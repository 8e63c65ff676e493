/// Measures two pieces of work in turns, so that whatever slows the machine down for a while slows down both.
struct Race {
    /// How long both are measured together.
    let duration: Duration

    /// A sample is long against the clock's cost, and short against a machine's moods.
    private static let sampleDuration = Duration.milliseconds(1)
    /// So many rounds are run however long they take.
    private static let minimumRoundCount = 5

    func run(candidate: () throws -> Void, reference: () throws -> Void) throws -> Pace {
        let candidateCount = try Self.runCount(candidate), referenceCount = try Self.runCount(reference)
        let end = ContinuousClock.now + duration
        var rounds: [Pace.Round] = []
        repeat {
            // Who goes first finds the caches as the other left them; each does so in every second round.
            if rounds.count.isMultiple(of: 2) {
                let first = try Self.sample(candidateCount, candidate)
                rounds.append(Pace.Round(candidate: first, reference: try Self.sample(referenceCount, reference)))
            } else {
                let first = try Self.sample(referenceCount, reference)
                rounds.append(Pace.Round(candidate: try Self.sample(candidateCount, candidate), reference: first))
            }
        } while rounds.count < Self.minimumRoundCount || ContinuousClock.now < end
        return Pace(rounds)
    }

    /// How many runs make a sample. Finding out warms caches and memory up, too.
    private static func runCount(_ work: () throws -> Void) throws -> Int {
        var count = 1
        while try sample(count, work) * Double(count) < sampleDuration.nanoseconds { count *= 2 }
        return count
    }

    /// Nanoseconds of one run, the mean of `count`.
    private static func sample(_ count: Int, _ work: () throws -> Void) rethrows -> Double {
        let start = ContinuousClock.now
        for _ in 0..<count { try work() }
        return (ContinuousClock.now - start).nanoseconds / Double(count)
    }
}

extension Duration {
    fileprivate var nanoseconds: Double { Double(attoseconds) / 1e9 }
}
