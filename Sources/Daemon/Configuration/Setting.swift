/// One key of the configuration that holds a single value.
struct Setting<Value: Sendable>: Sendable {
    /// Key path in the file, such as `server.limits.max_body_bytes`.
    let path: String
    let kind: ValueKind<Value>
    /// As it would stand in the file.
    let defaultText: String
    let summary: String

    init(_ path: String, _ kind: ValueKind<Value>, default defaultText: String, _ summary: String) {
        self.path = path
        self.kind = kind
        self.defaultText = defaultText
        self.summary = summary
    }

    var facts: SettingFacts {
        SettingFacts(
            path: path, expected: kind.expected, takesList: kind.takesList, takesNull: kind.takesNull, defaultText: defaultText,
            summary: summary,
            defaultIsValid: kind.parse(defaultText) != nil)
    }
}

/// What is known of a setting without its type.
package struct SettingFacts: Sendable, CustomStringConvertible {
    package let path: String
    package let expected: String
    package let takesList: Bool
    package let takesNull: Bool
    package let defaultText: String
    package let summary: String
    package let defaultIsValid: Bool

    package var description: String { path }

    /// The environment variable that sets it, such as `APUS_SERVER_PORT`.
    var environmentVariable: String { "APUS_" + path.uppercased().replacing(".", with: "_") }
}
