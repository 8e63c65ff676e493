/// The times of both sides of a comparison.
struct Pace {
    /// Nanoseconds of one run of each, measured one directly after the other.
    struct Round {
        let candidate: Double
        let reference: Double
    }

    /// Nanoseconds of one run, over all rounds.
    struct Side {
        let minimum: Double
        let median: Double

        /// - Parameter samples: at least one.
        fileprivate init(_ samples: [Double]) {
            let sorted = samples.sorted()
            minimum = sorted[0]
            median = sorted[sorted.count / 2]
        }
    }

    let roundCount: Int
    let candidate: Side
    let reference: Side
    /// How many times as fast as the reference the candidate is: the median of the rounds' own ratios, in which a slow
    /// spell of the machine cancels out.
    let ratio: Double

    /// - Parameter rounds: at least one.
    init(_ rounds: [Round]) {
        roundCount = rounds.count
        candidate = Side(rounds.map(\.candidate))
        reference = Side(rounds.map(\.reference))
        ratio = Side(rounds.map { $0.reference / $0.candidate }).median
    }
}
