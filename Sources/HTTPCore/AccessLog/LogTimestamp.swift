/// The wall clock's time for many records a second: `22/Nov/2026:15:58:02 +0000` as the common log format has it, or
/// `2026-11-22T15:58:02.123Z` (RFC 3339 §5.6).
///
/// The part down to the second is kept, and the wall clock is read once a second only: in between it is derived from the
/// monotonic one.
struct LogTimestamp: ~Copyable {
    private static let nanosecondsPerSecond: Int64 = 1_000_000_000

    private var second = Int64.min
    private var wallMinusMonotonic: Int64 = 0
    private var nextReading = MonotonicInstant(nanoseconds: .min)
    private var prefix = ByteBuffer()
    private let format: AccessLogConfiguration.Format

    init(_ format: AccessLogConfiguration.Format) { self.format = format }

    /// Appends the time of `now`.
    ///
    /// - Parameter wallNanoseconds: reads the wall clock, in nanoseconds since 1970.
    mutating func append(_ now: MonotonicInstant, wallNanoseconds: () -> Int64, to buffer: inout ByteBuffer) {
        if now >= nextReading {
            wallMinusMonotonic = wallNanoseconds() &- now.nanoseconds
            nextReading = now + .seconds(1)
        }
        let wall = now.nanoseconds &+ wallMinusMonotonic
        var (currentSecond, rest) = wall.quotientAndRemainder(dividingBy: Self.nanosecondsPerSecond)
        // A clock set before 1970.
        if rest < 0 { (currentSecond, rest) = (currentSecond - 1, rest + Self.nanosecondsPerSecond) }
        if currentSecond != second { renewPrefix(currentSecond) }
        unsafe buffer.append(prefix.bytes)
        guard format == .json else { return buffer.append(" +0000") }
        appendDigits(Int(rest / 1_000_000), count: 3, to: &buffer)
        buffer.append(UInt8(ascii: "Z"))
    }

    private mutating func renewPrefix(_ second: Int64) {
        self.second = second
        prefix.removeAll()
        let (date, secondOfDay) = HTTPDate.civilTime(secondsSince1970: Int(second))
        switch format {
        case .text: appendDate(date.day, HTTPDate.monthName(date.month), date.year, to: &prefix)
        case .json: appendDate(date.year, date.month, date.day, to: &prefix)
        }
        appendDigits(secondOfDay / 3600, count: 2, to: &prefix)
        prefix.append(UInt8(ascii: ":"))
        appendDigits(secondOfDay / 60 % 60, count: 2, to: &prefix)
        prefix.append(UInt8(ascii: ":"))
        appendDigits(secondOfDay % 60, count: 2, to: &prefix)
        if format == .json { prefix.append(UInt8(ascii: ".")) }
    }
}

/// `22/Nov/2026:`
private func appendDate(_ day: Int, _ month: StaticString, _ year: Int, to buffer: inout ByteBuffer) {
    appendDigits(day, count: 2, to: &buffer)
    buffer.append(UInt8(ascii: "/"))
    buffer.append(month)
    buffer.append(UInt8(ascii: "/"))
    appendDigits(year, count: 4, to: &buffer)
    buffer.append(UInt8(ascii: ":"))
}

/// `2026-11-22T`
private func appendDate(_ year: Int, _ month: Int, _ day: Int, to buffer: inout ByteBuffer) {
    appendDigits(year, count: 4, to: &buffer)
    buffer.append(UInt8(ascii: "-"))
    appendDigits(month, count: 2, to: &buffer)
    buffer.append(UInt8(ascii: "-"))
    appendDigits(day, count: 2, to: &buffer)
    buffer.append(UInt8(ascii: "T"))
}

/// Appends the last `count` digits of a number, zeros in front.
private func appendDigits(_ number: Int, count: Int, to buffer: inout ByteBuffer) {
    var divisor = 1
    for _ in 1..<count { divisor *= 10 }
    while divisor > 0 {
        buffer.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
        divisor /= 10
    }
}
