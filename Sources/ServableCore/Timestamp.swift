#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A moment of the wall clock, in microseconds since 1970-01-01T00:00:00Z; for people and records, never to measure with.
package struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let microsecondsSinceEpoch: Int64

    package init(microsecondsSinceEpoch: Int64) {
        self.microsecondsSinceEpoch = microsecondsSinceEpoch
    }

    /// A file system's or clock's time; one outside what 64 bits of microseconds hold is clamped.
    init(_ time: timespec) {
        let (seconds, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000)
        let (sum, carried) = seconds.addingReportingOverflow(Int64(time.tv_nsec) / 1000)
        microsecondsSinceEpoch = overflow || carried ? (time.tv_sec < 0 ? .min : .max) : sum
    }

    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(time)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microsecondsSinceEpoch < right.microsecondsSinceEpoch
    }

    /// How long after `earlier` this moment lies; negative when it lies before.
    package func elapsed(since earlier: Timestamp) -> Duration {
        let (difference, overflow) = microsecondsSinceEpoch.subtractingReportingOverflow(earlier.microsecondsSinceEpoch)
        guard overflow else { return .microseconds(difference) }
        return .microseconds(microsecondsSinceEpoch < 0 ? Int64.min : Int64.max)
    }

    /// RFC 3339 §5.6 in UTC with six digits of fraction, so that texts sort as times do: `2026-03-01T12:30:00.250000Z`.
    package var description: String {
        let microseconds = microsecondsSinceEpoch
        let fraction = ((microseconds % 1_000_000) + 1_000_000) % 1_000_000
        var seconds = time_t((microseconds - fraction) / 1_000_000)
        var fields = tm()
        gmtime_r(&seconds, &fields)
        return pad(Int64(fields.tm_year) + 1900, 4) + "-" + pad(Int64(fields.tm_mon) + 1, 2) + "-" + pad(Int64(fields.tm_mday), 2)
            + "T" + pad(Int64(fields.tm_hour), 2) + ":" + pad(Int64(fields.tm_min), 2) + ":" + pad(Int64(fields.tm_sec), 2)
            + "." + pad(fraction, 6) + "Z"
    }

    private func pad(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
