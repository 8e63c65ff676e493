/// One row of a section: a candidate of ours and a reference that does the same work.
protocol Comparison: Sendable {
    /// Unique in its section.
    var name: String { get }

    /// Why this build cannot make the comparison, and what would help; nil when it can.
    var obstacle: String? { get }

    /// Prepares both sides, checks that they agree, and lets `race` measure them.
    func measure(by race: Race) throws -> Outcome
}

extension Comparison {
    var obstacle: String? { nil }
}

/// Comparisons that share what they are measured against and how their rate is told.
struct Section: Sendable {
    let title: String
    /// What is compared with what.
    let summary: String
    let unit: RateUnit
    let comparisons: [any Comparison]
}

/// How much work one run does, in units of the section's rate: operations, bytes, rows.
struct RateUnit: Sendable {
    let name: String
    /// The rate of one piece of work in a nanosecond.
    let perNanosecond: Double

    static let gigaflops = RateUnit(name: "GFLOP/s", perNanosecond: 1)
    static let gigaoperations = RateUnit(name: "GOP/s", perNanosecond: 1)
    static let megabytes = RateUnit(name: "MB/s", perNanosecond: 1_000)
    static let millions = RateUnit(name: "M/s", perNanosecond: 1_000)
    static let thousands = RateUnit(name: "k/s", perNanosecond: 1_000_000)
}

/// What a comparison found.
struct Outcome {
    let pace: Pace
    /// Pieces of work in one run, the same for both sides.
    let work: Int
    /// Heap allocations of one run of the candidate, where they were counted.
    var allocationCount: Int?
}

/// Why a comparison cannot be made or would say nothing, such as results that differ.
struct InvalidComparison: Error, CustomStringConvertible {
    let description: String
}
