import Glibc

/// A moment of the wall clock as log lines show it.
package struct LogTime: Sendable {
    let seconds: time_t
    let milliseconds: Int

    package init(seconds: Int, milliseconds: Int) {
        self.seconds = seconds
        self.milliseconds = milliseconds
    }

    package static func now() -> LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(seconds: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
    }

    /// RFC 3339 §5.6 in UTC: `2026-03-01T12:30:00.250Z`.
    var utcText: String {
        var fields = tm()
        var seconds = seconds
        gmtime_r(&seconds, &fields)
        let date = "\(Int(fields.tm_year) + 1900)-\(pad(Int(fields.tm_mon) + 1, 2))-\(pad(Int(fields.tm_mday), 2))"
        return date + "T" + timeOfDay(fields) + "Z"
    }

    /// The local time of day: `13:30:00.250`.
    var localTimeOfDay: String {
        var fields = tm()
        var seconds = seconds
        localtime_r(&seconds, &fields)
        return timeOfDay(fields)
    }

    private func timeOfDay(_ fields: tm) -> String {
        "\(pad(Int(fields.tm_hour), 2)):\(pad(Int(fields.tm_min), 2)):\(pad(Int(fields.tm_sec), 2)).\(pad(milliseconds, 3))"
    }

    private func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
