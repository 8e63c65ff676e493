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
    private let allowsEmpty: Bool

    /// - Parameter allowsEmpty: whether all is well when nothing is to be served.
    package init(allowsEmpty: Bool = true) { self.allowsEmpty = allowsEmpty }

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

    /// Whether the model is one of `modelNames`.
    package func lists(_ name: String) -> Bool {
        contents.withLock { $0.wanted[name] != nil || $0.histories[name] != nil }
    }

    /// Whether the model is to be served now.
    package func isWanted(_ name: String) -> Bool {
        contents.withLock { $0.wanted[name] != nil }
    }

    /// Whether the model is to be served, its versions being loaded by the first request for them.
    package func isOnDemand(_ name: String) -> Bool {
        contents.withLock { $0.wanted[name]?.isOnDemand ?? false }
    }

    /// Whether an operator has taken the model out of service.
    package func isRetired(_ name: String) -> Bool {
        contents.withLock { $0.wanted[name]?.isRetired ?? false }
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
        let contents = contents.withLock { $0 }
        var reasons = contents.root.map { $0.wasRead ? [] : [$0.problem] } ?? []
        if contents.wanted.isEmpty, contents.root == nil, !allowsEmpty {
            reasons.append("no model is configured or found; add one, or set lifecycle.allow_empty")
        }
        return reasons + contents.perModel { $0.unreadiness(of: $1, $2) }
    }

    /// What goes wrong though the process is ready, one sentence each: versions that cannot be loaded while another serves, paths that
    /// are gone while what was loaded from them serves.
    package func degradation() -> [String] {
        let contents = contents.withLock { $0 }
        return (contents.root.map { $0.wasRead ? [$0.problem] : [] } ?? []) + contents.perModel { $0.degradation(of: $1, $2) }
    }

    /// The models that a look at the directories, which has begun, will find or may find.
    func expect(_ names: Set<String>, andOthers: Bool) {
        contents.withLock { $0.expected = Expected(names: names, andOthers: andOthers) }
    }

    /// What is known of one model: how it is wanted, its versions, and whether a look may find it.
    func facts(of name: String) -> (wanted: WantedModel?, versions: [ServableStatus], isExpected: Bool) {
        contents.withLock { contents in
            (contents.wanted[name], contents.histories[name]?.statuses ?? [], contents.expected?.holds(name) ?? false)
        }
    }

    /// Models that are wanted, in no order.
    var wantedNames: [String] { contents.withLock { Array($0.wanted.keys) } }

    /// The name of the only model that is wanted; nil when there is none or more than one.
    package var onlyWantedName: String? { contents.withLock { $0.wanted.count == 1 ? $0.wanted.keys.first : nil } }

    /// - Parameter isPinned: an ended version that stays listed until it is unpinned.
    package func set(_ status: ServableStatus, isPinned: Bool = false) {
        contents.withLock {
            $0.histories[status.id.name, default: VersionHistory()].set(status, isPinned: isPinned)
            if status.state == .end { $0.forgetModels() }
        }
    }

    /// Notes of a wanted model that an operator has taken it out of service.
    func setRetired(_ name: String) {
        contents.withLock { $0.wanted[name] = $0.wanted[name].map { WantedModel(problem: $0.problem, isRetired: true) } }
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

    /// Replaces which models are wanted.
    ///
    /// - Parameters:
    ///   - rootProblem: why the model root cannot be read; nil when it can, or there is none.
    ///   - rootWasRead: whether it could be read before, so that its models are known.
    package func setWanted(_ models: [String: WantedModel], rootProblem: String? = nil, rootWasRead: Bool = false) {
        contents.withLock {
            $0.wanted = models
            $0.expected = nil
            $0.root = rootProblem.map { Root(problem: $0, wasRead: rootWasRead) }
            $0.forgetModels()
        }
    }

    private struct Root {
        let problem: String
        let wasRead: Bool
    }

    private struct Expected {
        let names: Set<String>
        let andOthers: Bool

        func holds(_ name: String) -> Bool { andOthers || names.contains(name) }
    }

    private struct Contents {
        var histories: [String: VersionHistory] = [:]
        var labels: [String: [String: Int64]] = [:]
        var wanted: [String: WantedModel] = [:]
        /// Nil when no look is under way that may find more.
        var expected: Expected?
        var root: Root?

        func perModel(_ reason: (WantedModel, String, [ServableStatus]) -> String?) -> [String] {
            wanted.sorted { $0.key < $1.key }.compactMap { reason($0.value, $0.key, histories[$0.key]?.statuses ?? []) }
        }

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
