/// How much memory all loaded versions may hold together.
package enum MemoryBudget: Sendable, Equatable {
    case unlimited
    case byteCount(Int)
    /// Of the memory that the machine, or the control group of the process, has.
    case percent(Int)

    /// The limit in bytes; nil for none.
    /// - Parameter available: memory of the machine or the control group, in bytes.
    package func byteLimit(of available: Int) -> Int? {
        switch self {
        case .unlimited: nil
        case .byteCount(let count): count
        case .percent(let percent): available / 100 * percent + available % 100 * percent / 100
        }
    }
}

extension ValueKind where Value == MemoryBudget {
    static var memoryBudget: ValueKind {
        ValueKind(expected: "unlimited, a percentage from 1% to 100%, or a number of bytes such as 8GiB") { text in
            if text == "unlimited" { return .unlimited }
            if text.hasSuffix("%") {
                return Int(text.dropLast()).flatMap { (1...100).contains($0) ? .percent($0) : nil }
            }
            return ByteCountText.parse(text).flatMap { $0 > 0 ? .byteCount($0) : nil }
        }
    }
}
