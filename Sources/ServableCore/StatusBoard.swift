import Synchronization

/// The state of every version that this process has seen, and what stands between a model and being served.
///
/// Written by the manager, readable from every thread without waiting for it. A version is never forgotten: after its end it
/// stays listed, with its error if it failed.
package final class StatusBoard: Sendable {
    private let contents = Mutex(Contents())

    package init() {}

    /// The versions of a model, newest first; empty when no version was ever seen.
    package func statuses(of name: String) -> [ServableStatus] {
        contents.withLock { $0.statuses[name] }?.values.sorted { $0.id.version > $1.id.version } ?? []
    }

    package func status(of id: ServableID) -> ServableStatus? {
        contents.withLock { $0.statuses[id.name]?[id.version] }
    }

    /// Every model that is wanted now or was ever seen, ascending.
    package var modelNames: [String] {
        contents.withLock { Set($0.statuses.keys).union($0.wanted.keys) }.sorted()
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
        let (wanted, statuses, general) = contents.withLock { ($0.wanted, $0.statuses, $0.generalProblem) }
        let models = wanted.sorted { $0.key < $1.key }.compactMap { name, model in
            Self.unreadiness(of: name, problem: model.problem, versions: statuses[name].map { Array($0.values) } ?? [])
        }
        return (general.map { [$0] } ?? []) + models
    }

    package func set(_ status: ServableStatus) {
        contents.withLock {
            let old = $0.statuses[status.id.name]?[status.id.version]?.state
            assert(
                old.map { $0 == status.state || $0.mayBecome(status.state) } ?? true, "\(status.id) went back to \(status.state)")
            $0.statuses[status.id.name, default: [:]][status.id.version] = status
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
        var statuses: [String: [Int64: ServableStatus]] = [:]
        var labels: [String: [String: Int64]] = [:]
        var wanted: [String: Wanted] = [:]
        var generalProblem: String?
    }
}
