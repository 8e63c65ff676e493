import GraphIR

/// Carried values that begin as optionals and that the body hands on as what the optional holds: the body meets them as optionals
/// again, and after the loop they are what the body gave.
struct CarriedOptionals {
    private let areOptional: [Bool]
    private var areHandedOnBare: [Bool?]

    init(_ carried: [RuntimeValue]) {
        areOptional = carried.map { if case .optional = $0 { true } else { false } }
        areHandedOnBare = Array(repeating: nil, count: carried.count)
    }

    /// What holds of a value that begins as `first` and that the body hands on as `next`; nil when they do not fit.
    static func join(_ first: ValueType, _ next: ValueType) -> ValueType? {
        if let joined = ValueType.join(first, next) { return joined }
        guard case .optional(let element) = first else { return nil }
        return ValueType.join(element, next)
    }

    /// What the next round meets when a round gave `values`.
    mutating func wrapped(_ values: ArraySlice<RuntimeValue>) -> [RuntimeValue] {
        values.enumerated().map { index, value in
            guard index < areOptional.count, areOptional[index] else { return value }
            if case .optional = value {
                areHandedOnBare[index] = false
                return value
            }
            areHandedOnBare[index] = true
            return .optional(value)
        }
    }

    /// What the loop gives when its rounds left `carried`.
    ///
    /// - Parameter type: what the body gives, where no round has shown it.
    func unwrapped(_ carried: [RuntimeValue], type: (Int) -> ValueType?) throws(OperatorError) -> [RuntimeValue] {
        var results = carried
        for index in carried.indices where areOptional[index] {
            guard case .optional(let value) = carried[index], areHandedOnBare[index] ?? Self.isBare(type(index)) else { continue }
            guard let value else { throw .invalidValue("ends with an optional that holds no value as carried value \(index)") }
            results[index] = value
        }
        return results
    }

    private static func isBare(_ type: ValueType?) -> Bool {
        switch type {
        case nil, .optional: false
        default: true
        }
    }
}
