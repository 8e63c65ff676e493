/// The value of `grpc-timeout`: one to eight digits and a unit.
///
/// Source: grpc doc/PROTOCOL-HTTP2.md, "Timeout".
package enum CallTimeout {
    /// Longer ones are cut to it.
    static let longest = Duration.seconds(86_400)

    /// - Returns: nil for what is no timeout.
    package static func duration(_ text: String) -> Duration? {
        let digits = text.utf8.dropLast()
        guard (1...8).contains(digits.count), digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        // Eight digits are no overflow.
        let number = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        let duration: Duration
        switch text.utf8.last {
        case UInt8(ascii: "H"): duration = .seconds(number * 3_600)
        case UInt8(ascii: "M"): duration = .seconds(number * 60)
        case UInt8(ascii: "S"): duration = .seconds(number)
        case UInt8(ascii: "m"): duration = .milliseconds(number)
        case UInt8(ascii: "u"): duration = .microseconds(number)
        case UInt8(ascii: "n"): duration = .nanoseconds(number)
        default: return nil
        }
        return min(duration, longest)
    }
}
