import Configuration

/// A value as it was written, and where.
package struct LocatedText: Sendable, Equatable {
    package let text: String
    package let origin: ConfigurationOrigin
}

/// Values of single keys, by key path such as `server.port`: the command line wins over the environment, this over the file.
///
/// Every value is read as text and judged here, so that a value of the wrong kind is an error that names its place instead
/// of a silent default. Problems are collected: somebody who made three mistakes learns of three.
struct LayeredValues {
    private let commandLine: [String: LocatedText]
    private let environment: [String: LocatedText]
    private let file: [String: LocatedText]
    private let reader: ConfigReader
    private(set) var problems: [ConfigurationProblem] = []

    init(commandLine: [String: LocatedText], environment: [String: LocatedText], file: [String: LocatedText]) {
        self.commandLine = commandLine
        self.environment = environment
        self.file = file
        reader = ConfigReader(providers: [
            Self.provider("command line", commandLine), Self.provider("environment", environment), Self.provider("file", file),
        ])
    }

    /// The value of a setting, its default where no layer has one.
    mutating func read<Value>(_ setting: Setting<Value>) -> Value {
        guard let defaultValue = setting.kind.parse(setting.defaultText) else {
            preconditionFailure("the default of \(setting.path) is not valid")
        }
        guard let located = located(setting.path) else { return defaultValue }
        guard let value = setting.kind.parse(located.text) else {
            problems.append(
                ConfigurationProblem(
                    origin: located.origin, key: setting.path,
                    message: "found \"\(located.text)\"; expected \(setting.kind.expected)"))
            return defaultValue
        }
        return value
    }

    /// Notes a fault between keys, at the first of them that was written.
    mutating func report(at paths: [String], key: String, _ message: String) {
        let origin = paths.compactMap { located($0)?.origin }.first ?? .defaults
        problems.append(ConfigurationProblem(origin: origin, key: key, message: message))
    }

    mutating func report(_ problem: ConfigurationProblem) { problems.append(problem) }

    /// The winning text of a key and where it was written; nil where no layer has one.
    func located(_ path: String) -> LocatedText? {
        guard let text = reader.string(forKey: ConfigKey(Self.components(path))) else { return nil }
        let origin = (commandLine[path] ?? environment[path] ?? file[path])?.origin ?? .defaults
        return LocatedText(text: text, origin: origin)
    }

    /// The text of every setting, its default where no layer has one.
    var texts: [String: String] {
        Settings.all.reduce(into: [:]) { $0[$1.path] = located($1.path)?.text ?? $1.defaultText }
    }

    private static func provider(_ name: String, _ values: [String: LocatedText]) -> InMemoryProvider {
        let entries = values.map { path, value in
            (AbsoluteConfigKey(components(path)), ConfigValue(.string(value.text), isSecret: false))
        }
        return InMemoryProvider(name: name, values: Dictionary(uniqueKeysWithValues: entries))
    }

    private static func components(_ path: String) -> [String] { path.split(separator: ".").map(String.init) }
}
