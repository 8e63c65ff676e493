import ServableCore

/// What differs between two configurations, key by key, for people.
package struct ConfigurationChanges: Sendable, Equatable {
    /// One changed key: `log.level from info to debug`.
    package struct Change: Sendable, Equatable, CustomStringConvertible {
        package let key: String
        package let description: String
    }

    /// Those that a reload puts in force.
    package private(set) var taken: [Change] = []
    /// Those that only a start puts in force.
    package private(set) var deferred: [Change] = []

    /// - Parameters:
    ///   - old: of what a reload takes, what was in force; of the rest, what the start has read.
    package init(from old: ApusConfiguration, atStart start: ApusConfiguration, to new: ApusConfiguration) {
        for setting in Settings.all {
            let takesEffect = Settings.isReloaded(setting.path) && !(setting.path.hasPrefix("server.tls.") && start.changesTLS(to: new))
            let before = (takesEffect ? old : start).texts[setting.path], after = new.texts[setting.path]
            guard before != after else { continue }
            let change = Change(
                key: setting.path, description: "\(setting.path) from \(Self.quoted(before)) to \(Self.quoted(after))")
            if takesEffect { taken.append(change) } else { deferred.append(change) }
        }
        if start.server.listeners.map(\.place) != new.server.listeners.map(\.place) {
            deferred.append(Change(key: "server.listeners", description: "server.listeners"))
        }
        taken += Self.models(old, new)
    }

    private static func quoted(_ text: String?) -> String {
        guard let text, !text.isEmpty else { return "nothing" }
        return text.contains(" ") ? "\"\(text)\"" : text
    }

    private static func models(_ old: ApusConfiguration, _ new: ApusConfiguration) -> [Change] {
        var changes: [Change] = []
        if old.serving.modelRoot != new.serving.modelRoot {
            let text = "model_root from \(quoted(old.serving.modelRoot)) to \(quoted(new.serving.modelRoot))"
            changes.append(Change(key: "model_root", description: text))
        }
        let before = Dictionary(old.serving.models.map { ($0.name, $0) }) { first, _ in first }
        let after = Dictionary(new.serving.models.map { ($0.name, $0) }) { first, _ in first }
        for name in Set(before.keys).union(after.keys).sorted() {
            guard let text = describe(before[name], after[name], old.modelBatching[name] != new.modelBatching[name]) else { continue }
            changes.append(Change(key: "models", description: "model \(name) \(text)"))
        }
        return changes
    }

    /// Nil when nothing differs.
    private static func describe(_ old: ModelSpecification?, _ new: ModelSpecification?, _ batchingDiffers: Bool) -> String? {
        guard let new else { return "removed" }
        guard let old else { return "added" }
        var parts: [String] = []
        if old.basePath != new.basePath { parts.append("path from \(old.basePath) to \(new.basePath)") }
        if old.versionPolicy != new.versionPolicy { parts.append("versions from \(old.versionPolicy.text) to \(new.versionPolicy.text)") }
        for label in Set(old.labels.keys).union(new.labels.keys).sorted() where old.labels[label] != new.labels[label] {
            let versions = [old.labels[label], new.labels[label]].map { $0.map(String.init) ?? "nothing" }
            parts.append("label \(label) from \(versions[0]) to \(versions[1])")
        }
        if old.loadMode != new.loadMode { parts.append("load from \(old.loadMode.rawValue) to \(new.loadMode.rawValue)") }
        if old.isPinned != new.isPinned { parts.append("pinned from \(old.isPinned) to \(new.isPinned)") }
        if batchingDiffers { parts.append("batching") }
        return parts.isEmpty ? nil : "(\(parts.joined(separator: ", ")))"
    }
}

extension ApusConfiguration {
    /// Whether encryption is turned on or off, which only a start does.
    fileprivate func changesTLS(to other: ApusConfiguration) -> Bool { (server.tls == nil) != (other.server.tls == nil) }
}

extension VersionPolicy {
    /// As the configuration writes it.
    fileprivate var text: String {
        switch self {
        case .latest(1): "latest"
        case .latest(let count): "latest: \(count)"
        case .all: "all"
        case .specific(let versions): "[\(versions.sorted().map(String.init).joined(separator: ", "))]"
        }
    }
}
