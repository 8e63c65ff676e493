/// The time that one loop gives to handshakes in one turn.
///
/// A signature takes from tens of microseconds (P-256) to several milliseconds (RSA of 4096 bits). Once a turn's time is
/// used up the handshakes that are left wait for the next turn, first come first served, so that a flood of newcomers
/// delays clients in mid-conversation by no more than this time and one handshake's step.
package struct HandshakeBudget: Sendable {
    static let nanosecondsPerTurn: Int64 = 1_000_000

    private var nanosecondsLeft = nanosecondsPerTurn

    package init() {}

    package var isSpent: Bool { nanosecondsLeft <= 0 }

    /// A new turn begins.
    package mutating func renew() { nanosecondsLeft = Self.nanosecondsPerTurn }

    package mutating func charge(nanoseconds: Int64) {
        let (left, overflow) = nanosecondsLeft.subtractingReportingOverflow(max(0, nanoseconds))
        nanosecondsLeft = overflow ? 0 : left
    }
}
