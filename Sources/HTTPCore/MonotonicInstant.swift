import CPlatform

/// A point of the monotonic clock in nanoseconds: one word, so that deadlines cost a store and a comparison.
package struct MonotonicInstant: Comparable, Hashable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static var now: MonotonicInstant { MonotonicInstant(nanoseconds: apus_monotonic_nanoseconds()) }

    /// Later than every deadline.
    package static let never = MonotonicInstant(nanoseconds: .max)

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Saturates at `never`.
    package static func + (instant: Self, duration: Duration) -> Self { instant + duration.wholeNanoseconds }

    /// Saturates at `never`.
    static func + (instant: Self, nanoseconds: Int64) -> Self {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(nanoseconds)
        return overflow ? .never : Self(nanoseconds: sum)
    }
}

extension Duration {
    /// The duration in nanoseconds, rounded down; `Int64.max` when it does not fit.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return .max }
        let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? .max : sum
    }
}
