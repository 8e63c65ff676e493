import Logging

/// A version that cannot be loaded takes no model down: while none of the wanted ones serves, the newest older one that loads does.
extension ServableManager {
    /// First comes the version that served before this start, then the newest that has not been tried. A stand-in goes as soon as a
    /// wanted version serves. A policy that names its versions has none: it says that the others are not to serve.
    func chooseStandIns(of name: String) {
        guard let model = models[name], !model.standIns.isEmpty || model.lacksWanted else { return }
        guard model.isConfigured, case .latest = model.specification.versionPolicy, !model.servesWanted else {
            models[name]?.standIns = []
            return
        }
        guard model.lacksWanted, !model.versions.values.contains(where: \.phase.isOnItsWay) else { return }
        let untried = model.existing.keys.filter { model.versions[$0] == nil && model.wanted[$0] == nil }
        guard let newest = untried.max() else { return }
        let version = previousLife.lastServed[name].flatMap { untried.contains($0) ? $0 : nil } ?? newest
        models[name]?.standIns.insert(version)
        models[name]?.demanded.insert(version)
        logger.warning(
            "model \"\(name)\": version \(version) is to serve, as \(model.wanted.keys.sorted().map(String.init).joined(separator: ", ")) cannot be loaded"
        )
    }
}

extension ManagedModel {
    fileprivate var servesWanted: Bool { wanted.keys.contains { versions[$0]?.phase.isAvailable ?? false } }

    /// Whether every wanted version has failed, and no other serves.
    fileprivate var lacksWanted: Bool {
        !wanted.isEmpty && !hasAvailableVersion && wanted.keys.allSatisfy { versions[$0]?.phase.failure != nil }
    }
}

extension ManagedVersion.Phase {
    /// Whether it may yet serve without another version's failing.
    fileprivate var isOnItsWay: Bool {
        switch self {
        case .queued, .loading: true
        case .cold, .backingOff, .available, .unloading, .failed: false
        }
    }
}
