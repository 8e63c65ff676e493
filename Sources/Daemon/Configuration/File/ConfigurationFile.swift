import Yams

/// What a configuration file says: values of single keys, models, and listeners. Every key that is not known is a problem.
package struct ConfigurationFile {
    /// By key path.
    package private(set) var values: [String: LocatedText] = [:]
    private(set) var models: [ModelEntry] = []
    private(set) var listeners: [ListenerEntry] = []
    package private(set) var problems: [ConfigurationProblem] = []

    private let path: String

    /// - Parameter path: the file's name in messages.
    package init(text: String, path: String) {
        self.path = path
        do {
            guard let root = try Yams.compose(yaml: text) else { return }
            let value = YAMLValue(node: root, key: "", file: path)
            if !value.isNull { readMap(value) }
        } catch {
            problems.append(Self.problem(of: error, path: path))
        }
    }

    /// Reads a map whose keys are parts of key paths.
    private mutating func readMap(_ map: YAMLValue) {
        guard let entries = map.entries else {
            problems.append(map.wrongKind(expected: "a map of keys"))
            return
        }
        for (name, value) in entries {
            switch name.flatMap({ meaning(of: value.key, name: $0, isTopLevel: map.key.isEmpty) }) {
            case .single: readSingle(value)
            case .map: if !value.isNull { readMap(value) }
            case .models: readModels(value)
            case .listeners: readListeners(value)
            case nil: problems.append(unknownKey(name, value, in: map))
            }
        }
    }

    private enum Meaning {
        case single
        case map
        case models
        case listeners
    }

    private func meaning(of key: String, name: String, isTopLevel: Bool) -> Meaning? {
        if isTopLevel, name == "models" { return .models }
        if isTopLevel, name == "model_root" { return .single }
        if key == "server.listeners" { return .listeners }
        if Settings.all.contains(where: { $0.path == key }) { return .single }
        return Settings.all.contains { $0.path.hasPrefix(key + ".") } ? .map : nil
    }

    private mutating func readSingle(_ value: YAMLValue) {
        let setting = Settings.all.first { $0.path == value.key }
        if let text = value.text(takesList: setting?.takesList ?? false) ?? (setting?.takesNull == true ? value.nullWord : nil) {
            values[value.key] = LocatedText(text: text, origin: value.origin)
        } else {
            problems.append(value.wrongKind(expected: setting?.expected ?? "a text"))
        }
    }

    private mutating func readModels(_ value: YAMLValue) {
        guard !value.isNull else { return }
        guard let elements = value.elements else {
            problems.append(value.wrongKind(expected: "a list of models, each with name and path"))
            return
        }
        for element in elements {
            var decoder = ModelEntryDecoder(element)
            if let entry = decoder.decode() { models.append(entry) }
            problems += decoder.problems
        }
    }

    private mutating func readListeners(_ value: YAMLValue) {
        guard !value.isNull else { return }
        guard let elements = value.elements else {
            problems.append(value.wrongKind(expected: "a list of listeners, each with address and port, unix, or systemd"))
            return
        }
        for element in elements {
            var decoder = ListenerEntryDecoder(element)
            if let entry = decoder.decode() { listeners.append(entry) }
            problems += decoder.problems
        }
    }

    private func unknownKey(_ name: String?, _ value: YAMLValue, in map: YAMLValue) -> ConfigurationProblem {
        let prefix = map.key.isEmpty ? "" : map.key + "."
        let siblings = (Settings.all.map(\.path) + Settings.structuredKeys)
            .filter { $0.hasPrefix(prefix) }
            .compactMap { $0.dropFirst(prefix.count).split(separator: ".").first.map(String.init) }
        return value.problem("unknown key" + KnownKeys.hint(for: name ?? "", among: siblings))
    }

    private static func problem(of error: any Error, path: String) -> ConfigurationProblem {
        let (line, column, message): (Int?, Int?, String) =
            switch error as? YamlError {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                .composer(_, let problem, let mark, _):
                (mark.line, mark.column, "is not YAML: \(problem)")
            case .reader(let problem, let offset?, _, let yaml):
                (1 + yaml.prefix(offset).count(where: \.isNewline), nil, "is not YAML: \(problem)")
            case .duplicatedKeysInMapping(let names, let context):
                (context.mark.line, context.mark.column, "the same key twice: \(names.map { "\($0)" }.sorted().joined(separator: ", "))")
            default: (nil, nil, "is not YAML: \(error)")
            }
        return ConfigurationProblem(origin: .file(path: path, line: line, column: column), key: nil, message: message)
    }
}

/// Says what an unknown key was probably meant to be.
enum KnownKeys {
    static func hint(for name: String, among known: [String]) -> String {
        if let nearest = NearestName.nearest(to: name, among: known) { return "; did you mean \"\(nearest)\"?" }
        let names = Set(known).sorted().joined(separator: ", ")
        return "; known here: \(names)"
    }
}
