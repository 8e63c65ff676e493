/// One flag of TensorFlow Serving's server binary and what becomes of it here.
///
/// Source: tensorflow/serving, model_servers/main.cc.
package struct ServingFlag: Sendable {
    package enum Meaning: Sendable {
        /// Sets the key; the closure turns the flag's value into the key's text, nil where it has no counterpart.
        case setting(path: String, expected: String, translate: @Sendable (String) -> String?)
        /// Says what to serve, or names a file with further settings.
        case source
        /// Changes nothing: these values ask for what is the case anyway; any other value is refused for the reason.
        case fixed(values: [String], reason: String)
    }

    /// In TensorFlow Serving's spelling, such as `rest_api_port`.
    package let name: String
    let isBoolean: Bool
    package let meaning: Meaning

    /// The spelling with hyphens.
    var hyphenated: String { name.replacing("_", with: "-") }

    /// The environment variable that means the same, such as `APUS_REST_API_PORT`.
    var environmentVariable: String { "APUS_" + name.uppercased() }

    static let byHyphenatedName: [String: ServingFlag] = Dictionary(uniqueKeysWithValues: all.map { ($0.hyphenated, $0) })
}

extension ServingFlag {
    /// A flag with the very value of a key.
    static func setting(_ name: String, _ path: String, isBoolean: Bool = false) -> ServingFlag {
        ServingFlag(
            name: name, isBoolean: isBoolean, meaning: .setting(path: path, expected: isBoolean ? "true or false" : "a value") { $0 })
    }

    /// A whole number in `range` of `unit`s.
    static func duration(_ name: String, _ path: String, unit: String, _ range: ClosedRange<Int>) -> ServingFlag {
        translated(name, path, "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? "\(max(0, $0))\(unit)" : nil }
        }
    }

    static func translated(
        _ name: String, _ path: String, _ expected: String, _ translate: @escaping @Sendable (String) -> String?
    ) -> ServingFlag {
        ServingFlag(name: name, isBoolean: false, meaning: .setting(path: path, expected: expected, translate: translate))
    }

    static func source(_ name: String) -> ServingFlag {
        ServingFlag(name: name, isBoolean: false, meaning: .source)
    }

    /// A switch that can only stay as it is.
    static func always(_ value: Bool, _ name: String, _ reason: String) -> ServingFlag {
        ServingFlag(name: name, isBoolean: true, meaning: .fixed(values: ["\(value)"], reason: reason))
    }

    /// A value that is taken only where it asks for nothing.
    static func only(_ values: [String], _ name: String, _ reason: String) -> ServingFlag {
        ServingFlag(name: name, isBoolean: false, meaning: .fixed(values: values, reason: reason))
    }
}
