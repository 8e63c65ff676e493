import Synchronization

/// The state of the versions that live, of those that ended last, and what stands between a model and being served.
///
/// Written by the manager, readable from every thread without waiting for it. A version that has ended stays listed while it is
/// pinned or among the last of its model to end; a model that is no longer wanted, while one of its versions lives or it is among
/// the last models to end.
package final class StatusBoard: Sendable {
    /// Ended versions of one model that stay listed.
    package static let endedVersionLimit = 16
    /// Models that stay listed though they are not wanted and have no version that lives.
    package static let endedModelLimit = 16

    private let contents = Mutex(Contents())

    package init() {}

    /// The versions of a model, newest first; empty when none is known.
    package func statuses(of name: String) -> [ServableStatus] {
        contents.withLock { $0.histories[name] }?.statuses.sorted { $0.id.version > $1.id.version } ?? []
    }

    package func status(of id: ServableID) -> ServableStatus? {
        contents.withLock { $0.histories[id.name]?[id.version] }
    }

    /// Every model that is wanted now or has a version that is listed, ascending.
    package var modelNames: [String] {
        contents.withLock { Set($0.histories.keys).union($0.wanted.keys) }.sorted()
    }

    /// Whether the model is to be served now.
    package func isWanted(_ name: String) -> Bool {
        contents.withLock { $0.wanted[name] != nil }
    }

    /// Label → version, as requests find it.
    package func labels(of name: String) -> [String: Int64] {
        contents.withLock { $0.labels[name] } ?? [:]
    }

    /// What keeps versions of a wanted model from being found (a missing base path), nil when nothing does.
    package func problem(of name: String) -> String? {
        contents.withLock { $0.wanted[name]?.problem }
    }

    /// Why the process is not ready, one sentence a wanted model that has no available version; empty when ready.
    package func unreadiness() -> [String] {
        let (wanted, histories, general) = contents.withLock { ($0.wanted, $0.histories, $0.generalProblem) }
        let models = wanted.sorted { $0.key < $1.key }.compactMap { name, model in
            Self.unreadiness(of: name, problem: model.problem, versions: histories[name]?.statuses ?? [])
        }
        return (general.map { [$0] } ?? []) + models
    }

    /// - Parameter isPinned: an ended version that stays listed until it is unpinned.
    package func set(_ status: ServableStatus, isPinned: Bool = false) {
        contents.withLock {
            $0.histories[status.id.name, default: VersionHistory()].set(status, isPinned: isPinned)
            if status.state == .end { $0.forgetModels() }
        }
    }

    /// A version that was pinned may be forgotten.
    package func unpin(_ id: ServableID) {
        contents.withLock {
            $0.histories[id.name]?.unpin(id.version)
            $0.forgetModels()
        }
    }

    package func setLabels(_ labels: [String: Int64], of name: String) {
        contents.withLock { $0.labels[name] = labels.isEmpty ? nil : labels }
    }

    /// Replaces which models are wanted and their problems.
    ///
    /// - Parameter generalProblem: one that concerns no single model, such as a model root that cannot be read.
    package func setWanted(_ problems: [String: String?], generalProblem: String?) {
        contents.withLock {
            $0.wanted = problems.mapValues { Wanted(problem: $0) }
            $0.generalProblem = generalProblem
            $0.forgetModels()
        }
    }

    private static func unreadiness(of name: String, problem: String?, versions: [ServableStatus]) -> String? {
        guard !versions.contains(where: { $0.state == .available }) else { return nil }
        if let problem { return "model \"\(name)\" has no available version: \(problem)" }
        let newestFirst = versions.sorted { $0.id.version > $1.id.version }
        guard let newest = newestFirst.first(where: { $0.state != .end || $0.error != nil }) else {
            return "model \"\(name)\" has no available version: no load has begun"
        }
        let reason = newest.lastError.map { ": \($0)" } ?? ""
        return "model \"\(name)\" has no available version: version \(newest.id.version) is \(newest.state.rawValue)\(reason)"
    }

    private struct Wanted {
        let problem: String?
    }

    private struct Contents {
        var histories: [String: VersionHistory] = [:]
        var labels: [String: [String: Int64]] = [:]
        var wanted: [String: Wanted] = [:]
        var generalProblem: String?

        /// Forgets the models that ended first, beyond the limit.
        mutating func forgetModels() {
            var ended: [(end: Timestamp, name: String)] = []
            for (name, history) in histories where wanted[name] == nil {
                if let end = history.end { ended.append((end, name)) }
            }
            guard ended.count > StatusBoard.endedModelLimit else { return }
            for model in ended.sorted(by: <).dropLast(StatusBoard.endedModelLimit) { histories[model.name] = nil }
        }
    }
}
