/// Where a value of the configuration came from.
package enum ConfigurationOrigin: Sendable, Hashable, CustomStringConvertible {
    case commandLine(flag: String)
    case environment(variable: String)
    /// Line and column count from 1; nil where the fault is the file's as a whole.
    case file(path: String, line: Int?, column: Int?)
    case defaults

    package var description: String {
        switch self {
        case .commandLine(let flag): "--\(flag)"
        case .environment(let variable): "environment variable \(variable)"
        case .file(let path, let line?, let column?): "\(path):\(line):\(column)"
        case .file(let path, let line?, nil): "\(path):\(line)"
        case .file(let path, nil, _): path
        case .defaults: "defaults"
        }
    }
}

/// One fault in the configuration, told so that it can be mended.
package struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
    package let origin: ConfigurationOrigin
    /// The key, such as `server.port` or `models[2].path`; nil where the fault is not of one key.
    package let key: String?
    package let message: String

    package var description: String {
        key.map { "\(origin): \($0): \(message)" } ?? "\(origin): \(message)"
    }
}

/// Everything that is wrong with a configuration; never empty. Nothing of such a configuration is used.
package struct ConfigurationErrors: Error, Sendable, CustomStringConvertible {
    package let problems: [ConfigurationProblem]

    package var description: String { problems.map(\.description).joined(separator: "\n") }

    /// Whether only the command line is at fault.
    package var isUsageError: Bool {
        problems.allSatisfy { if case .commandLine = $0.origin { true } else { false } }
    }
}
