/// IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
package enum HTTPDate {
    private static let days: [StaticString] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Appends the date of a time in seconds since 1970-01-01 00:00 UTC.
    package static func append(secondsSince1970 seconds: Int, to buffer: inout ByteBuffer) {
        let day = dayNumber(seconds)
        let secondOfDay = seconds - day * 86400
        let (year, month, dayOfMonth) = civilDate(day)
        // 1970-01-01 was a Thursday.
        buffer.append(days[((day % 7) + 7) % 7])
        buffer.append(", ")
        appendTwoDigits(dayOfMonth, to: &buffer)
        buffer.append(UInt8(ascii: " "))
        buffer.append(months[month - 1])
        buffer.append(UInt8(ascii: " "))
        appendTwoDigits(year / 100, to: &buffer)
        appendTwoDigits(year % 100, to: &buffer)
        buffer.append(UInt8(ascii: " "))
        appendTwoDigits(secondOfDay / 3600, to: &buffer)
        buffer.append(UInt8(ascii: ":"))
        appendTwoDigits(secondOfDay / 60 % 60, to: &buffer)
        buffer.append(UInt8(ascii: ":"))
        appendTwoDigits(secondOfDay % 60, to: &buffer)
        buffer.append(" GMT")
    }

    /// `Jan` to `Dec`.
    ///
    /// - Parameter month: From 1 to 12.
    static func monthName(_ month: Int) -> StaticString { months[month - 1] }

    /// The UTC date, and the second within its day, of a time in seconds since 1970-01-01 00:00 UTC.
    static func civilTime(secondsSince1970 seconds: Int) -> (date: (year: Int, month: Int, day: Int), secondOfDay: Int) {
        let day = dayNumber(seconds)
        return (civilDate(day), seconds - day * 86400)
    }

    /// Whole days since 1970-01-01, rounded down.
    private static func dayNumber(_ seconds: Int) -> Int { Int((Double(seconds) / 86400).rounded(.down)) }

    private static func appendTwoDigits(_ number: Int, to buffer: inout ByteBuffer) {
        buffer.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10 % 10))
        buffer.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }

    /// Year, month and day of a day counted from 1970-01-01, by the Gregorian calendar's cycle of 400 years.
    ///
    /// Years are taken to begin in March, which puts the leap day last.
    private static func civilDate(_ day: Int) -> (year: Int, month: Int, day: Int) {
        let daysPerCycle = 146_097
        let shifted = day + 719_468  // days from 0000-03-01 to 1970-01-01
        let cycle = (shifted >= 0 ? shifted : shifted - daysPerCycle + 1) / daysPerCycle
        let dayOfCycle = shifted - cycle * daysPerCycle
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}
