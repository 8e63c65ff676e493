/// How a model is wanted: what readers of the status board need to judge its versions by.
package struct WantedModel: Sendable, Equatable {
    /// What keeps versions from being found (a missing base path); nil when nothing does.
    package let problem: String?
    /// The versions that the policy chooses.
    package let versions: Set<Int64>
    /// Whether versions are loaded by the first request for them.
    package let isOnDemand: Bool
    /// Whether an operator has taken the model out of service.
    package let isRetired: Bool

    package init(problem: String? = nil, versions: Set<Int64> = [], isOnDemand: Bool = false, isRetired: Bool = false) {
        self.problem = problem
        self.versions = versions
        self.isOnDemand = isOnDemand
        self.isRetired = isRetired
    }

    /// Why no version of the model serves; nil when one does, or would at the first request.
    func unreadiness(of name: String, _ versions: [ServableStatus]) -> String? {
        guard !versions.contains(where: { $0.state == .available }), !isRetired else { return nil }
        if let problem { return "model \"\(name)\" has no available version: \(problem)" }
        // One model among many that are loaded when they are asked for says nothing about the process.
        guard !isOnDemand else { return nil }
        return "model \"\(name)\" has no available version: \(Self.standing(of: versions))"
    }

    /// What goes wrong though a version serves; nil when nothing does, or none serves.
    func degradation(of name: String, _ versions: [ServableStatus]) -> String? {
        let serving = versions.filter { $0.state == .available }.map(\.id.version).sorted()
        guard !serving.isEmpty || isOnDemand else { return nil }
        let failed = versions.filter { self.versions.contains($0.id.version) && $0.hasFailed }.max { $0.id.version < $1.id.version }
        var reasons = problem.map { serving.isEmpty ? [] : [$0] } ?? []
        if let failed { reasons.append("version \(failed.id.version) is \(failed.standing)") }
        guard !reasons.isEmpty else { return nil }
        let served = serving.map(String.init).joined(separator: ", ")
        return "model \"\(name)\": \(reasons.joined(separator: "; "))"
            + (serving.isEmpty ? "" : "; version\(serving.count == 1 ? "" : "s") \(served) serve\(serving.count == 1 ? "s" : "")")
    }

    /// The newest version that is of any interest, and how it fares.
    static func standing(of versions: [ServableStatus]) -> String {
        let newestFirst = versions.sorted { $0.id.version > $1.id.version }
        guard let newest = newestFirst.first(where: { $0.state != .end || $0.error != nil }) else { return "no load has begun" }
        return "version \(newest.id.version) is \(newest.standing)"
    }
}

extension ServableStatus {
    /// State and error: `END: DATA_LOSS: …`.
    var standing: String { state.rawValue + (lastError.map { ": \($0)" } ?? "") }

    /// Whether a try failed and none is under way.
    var hasFailed: Bool { lastError != nil && (state == .end || state == .loading) }
}
