/// A span of time in which at least so many bytes have to move.
struct ProgressWindow {
    let deadline: MonotonicInstant
    private var byteCount = 0

    init(until deadline: MonotonicInstant) { self.deadline = deadline }

    mutating func note(_ byteCount: Int) { self.byteCount += byteCount }

    /// Whether as much has moved as at `bytesPerSecond` in `duration`, or at least one byte.
    func isSufficient(_ bytesPerSecond: Int, for duration: Duration) -> Bool {
        let (perSecond, overflow) = bytesPerSecond.multipliedReportingOverflow(by: Int(duration.wholeNanoseconds / 1_000_000))
        return overflow ? false : byteCount >= max(1, perSecond / 1000)
    }
}
