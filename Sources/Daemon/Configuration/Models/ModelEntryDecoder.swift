import ServableCore

/// Reads one element of `models:`, strictly.
struct ModelEntryDecoder {
    private let element: YAMLValue
    private(set) var problems: [ConfigurationProblem] = []

    private static let keys = ["name", "path", "versions", "labels", "load", "pinned", "batching"]

    init(_ element: YAMLValue) {
        self.element = element
    }

    /// The model, or nil where name or path are missing; problems tell why.
    mutating func decode() -> ModelEntry? {
        guard let entries = element.entries else {
            problems.append(element.wrongKind(expected: "a map with name and path"))
            return nil
        }
        var model = ModelEntry(name: "", path: "", origin: element.origin, key: element.key)
        for (name, value) in entries {
            switch name {
            case "name": model.name = text(value, "the name that requests use, of 1 to 255 characters without / and :", Self.isModelName)
            case "path": model.path = text(value, "the folder that holds the numbered versions") { !$0.isEmpty }
            case "versions": model.versionPolicy = versionPolicy(value)
            case "labels": model.labels = labels(value)
            case "load": model.loadMode = value.read(Settings.loadMode.kind, &problems)
            case "pinned": model.isPinned = value.read(.boolean, &problems) ?? false
            case "batching":
                var decoder = BatchingEntryDecoder(value)
                model.batching = decoder.decode()
                problems += decoder.problems
            default: problems.append(value.problem("unknown key" + KnownKeys.hint(for: name ?? "", among: Self.keys)))
            }
        }
        for missing in ["name", "path"] where !entries.contains(where: { $0.name == missing }) {
            problems.append(element.problem("has no \(missing)"))
        }
        return model.name.isEmpty || model.path.isEmpty ? nil : model
    }

    /// Names end up in paths of URLs, where `/` and `:` separate; other characters have a percent-encoded form there.
    static func isModelName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 255
            && name.unicodeScalars.allSatisfy { $0 != "/" && $0 != ":" && $0.properties.generalCategory != .control }
    }

    private mutating func text(_ value: YAMLValue, _ expected: String, _ isValid: (String) -> Bool) -> String {
        guard let text = value.scalarText, isValid(text) else {
            problems.append(value.wrongKind(expected: expected))
            return ""
        }
        return text
    }

    /// `latest`, `latest: N`, `all`, or a list of numbers.
    private mutating func versionPolicy(_ value: YAMLValue) -> VersionPolicy {
        switch value.scalarText {
        case "latest": return .latest(1)
        case "all": return .all
        case let text?:
            if let version = Int64(text), version >= 0 { return .specific([version]) }
        case nil: break
        }
        if let elements = value.elements {
            let versions = elements.compactMap { $0.scalarText.flatMap { Int64($0) } }.filter { $0 >= 0 }
            if versions.count == elements.count { return .specific(versions) }
        } else if let entries = value.entries, entries.count == 1, entries[0].name == "latest",
            let count = entries[0].value.scalarText.flatMap({ Int($0) }), (1...1_000).contains(count)
        {
            return .latest(count)
        }
        problems.append(value.wrongKind(expected: "latest, \"latest: N\" with N from 1 to 1000, all, or a list of version numbers"))
        return .latest(1)
    }

    private mutating func labels(_ value: YAMLValue) -> [String: Int64] {
        guard !value.isNull else { return [:] }
        guard let entries = value.entries else {
            problems.append(value.wrongKind(expected: "a map of labels to version numbers"))
            return [:]
        }
        var labels: [String: Int64] = [:]
        for (name, value) in entries {
            if let name, Self.isModelName(name), let version = value.scalarText.flatMap({ Int64($0) }), version >= 0 {
                labels[name] = version
            } else {
                problems.append(value.wrongKind(expected: "a label without / and :, and a version number"))
            }
        }
        return labels
    }
}
