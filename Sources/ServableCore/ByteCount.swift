/// Numbers of bytes for people.
package enum ByteCount {
    private static let units = ["KiB", "MiB", "GiB", "TiB"]

    /// `512 bytes`, `208 KiB`, `1.5 GiB`: whole from ten on, else with one digit behind the point.
    package static func text(_ count: Int) -> String {
        guard count >= 1_024 else { return count == 1 ? "1 byte" : "\(count) bytes" }
        var tenths = (Double(count) / 102.4).rounded(), unit = 0
        while tenths >= 10_240, unit < units.count - 1 {
            tenths = (tenths / 1_024).rounded()
            unit += 1
        }
        let whole = Int(tenths)
        guard whole < 100, whole % 10 != 0 else { return "\((whole + 5) / 10) \(units[unit])" }
        return "\(whole / 10).\(whole % 10) \(units[unit])"
    }
}

/// Durations for people.
package enum ElapsedTime {
    /// `350 µs`, `3 ms`, `1.5 s`.
    package static func text(_ duration: Duration) -> String {
        let microseconds = Int64(duration / .microseconds(1))
        if microseconds < 1_000 { return "\(max(0, microseconds)) µs" }
        if microseconds < 1_000_000 { return "\((microseconds + 500) / 1_000) ms" }
        let tenths = (microseconds + 50_000) / 100_000
        return tenths < 1_000 ? "\(tenths / 10).\(tenths % 10) s" : "\(tenths / 10) s"
    }
}
