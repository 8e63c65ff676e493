import Yams

/// A node of the configuration file that knows its key and its place.
struct YAMLValue {
    let node: Node
    /// Key path such as `models[2].path`; empty for the whole file.
    let key: String
    let file: String

    var origin: ConfigurationOrigin {
        .file(path: file, line: node.mark?.line, column: node.mark?.column)
    }

    /// Whether there is nothing: an empty value, `~` or `null`.
    var isNull: Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// `null`, where that is written out.
    var nullWord: String? {
        guard case .scalar(let scalar) = node, isNull, scalar.string.lowercased() == "null" else { return nil }
        return "null"
    }

    /// What a person would call it.
    var kindName: String {
        switch node {
        case .scalar(let scalar): isNull ? "nothing" : "\"\(scalar.string)\""
        case .mapping: "a map"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    /// The text of a single value; nil for maps, lists and nothing.
    var scalarText: String? {
        guard case .scalar(let scalar) = node, !isNull else { return nil }
        return scalar.string
    }

    /// The text of a single value or, where `takesList`, of a list of them, joined by commas.
    func text(takesList: Bool) -> String? {
        if let scalarText { return scalarText }
        guard takesList, let elements else { return nil }
        let texts = elements.compactMap(\.scalarText)
        return texts.count == elements.count ? texts.joined(separator: ",") : nil
    }

    /// Elements of a list with their keys; nil for anything else.
    var elements: [YAMLValue]? {
        guard case .sequence(let sequence) = node else { return nil }
        return sequence.enumerated().map { YAMLValue(node: $1, key: "\(key)[\($0)]", file: file) }
    }

    /// Entries of a map in their order; nil for anything else. A key that is not a text is nil.
    var entries: [(name: String?, value: YAMLValue)]? {
        guard case .mapping(let mapping) = node else { return nil }
        return mapping.map { keyNode, valueNode in
            let name = keyNode.scalar?.string
            let path = key.isEmpty ? name ?? "?" : "\(key).\(name ?? "?")"
            return (name, YAMLValue(node: valueNode, key: path, file: file))
        }
    }

    /// A value of that kind; nil, with a problem, where there is none.
    func read<Value>(_ kind: ValueKind<Value>, _ problems: inout [ConfigurationProblem]) -> Value? {
        guard let text = text(takesList: kind.takesList), let parsed = kind.parse(text) else {
            problems.append(wrongKind(expected: kind.expected))
            return nil
        }
        return parsed
    }

    func problem(_ message: String) -> ConfigurationProblem {
        ConfigurationProblem(origin: origin, key: key.isEmpty ? nil : key, message: message)
    }

    func wrongKind(expected: String) -> ConfigurationProblem {
        problem("found \(kindName); expected \(expected)")
    }
}
