import Logging
import Synchronization

/// Versions that are loaded by the first request for them, and unloaded to make room for others.
extension ServableManager {
    /// A request asks for a version of a model, the latest one when `version` is nil. Does nothing for what is loaded or being loaded,
    /// or is not to be served on demand.
    package func demand(_ name: String, version: Int64?) {
        guard let model = models[name], model.isConfigured, model.isOnDemand else { return }
        guard let version = version ?? model.newestToTry, model.isWanted(version) else { return }
        models[name]?.demanded.insert(version)
        let id = ServableID(name: name, version: version)
        if case .failed(let failure) = self[id]?.phase, failure.cause == .budget { retryAtOnce(id) }
        reconcile([name])
    }

    /// What waits for a request is listed, so that people see it.
    func listCold(of name: String) {
        guard let model = models[name], model.isOnDemand else { return }
        for version in model.targets.sorted() where model.isCold(version) && model.versions[version] == nil {
            beginLife(of: ServableID(name: name, version: version), phase: .cold)
        }
    }

    /// What has a life beside waiting for a request has been asked for; a version that is followed by a newer one has asked for it.
    func carryDemand(of name: String) {
        guard var model = models[name], model.isOnDemand else { return }
        let living = model.versions.filter { $0.value.phase.isLoadedOrLoading }.keys
        if let newest = model.wanted.keys.max(), model.demanded.union(living).contains(where: { !model.isWanted($0) }) {
            model.demanded.insert(newest)
        }
        model.demanded = model.demanded.union(living).intersection(model.targets)
        models[name] = model
    }

    /// Begins to unload versions that were not used for longest, if what was refused fits afterwards.
    ///
    /// - Returns: whether memory will be given back, so that it is worth waiting for.
    func makeRoom(for refused: LoadFailure) -> Bool {
        guard refused.missingByteCount > 0 else { return false }
        let leaving = memory(where: \.phase.isUnloading)
        guard leaving < refused.missingByteCount else { return true }
        let candidates = evictable.sorted { $0.lastUse < $1.lastUse }
        var freed = leaving, victims: [ServableID] = []
        for candidate in candidates where freed < refused.missingByteCount {
            freed += candidate.byteCount
            victims.append(candidate.id)
        }
        guard freed >= refused.missingByteCount else { return false }
        for id in victims { evict(id) }
        return true
    }

    /// Memory was refused to somebody who serves: the version that was not used for longest makes room for the next request.
    func makeRoomForServing() {
        defer { isMakingRoom.store(false, ordering: .releasing) }
        guard memory(where: \.phase.isUnloading) == 0, let oldest = evictable.min(by: { $0.lastUse < $1.lastUse }) else { return }
        evict(oldest.id)
    }

    private func evict(_ id: ServableID) {
        logger.info("\(id) is unloaded to make room: it was not used for longest")
        models[id.name]?.demanded.remove(id.version)
        unload(id)
    }

    /// Loaded versions that may go: they come again when they are asked for.
    private var evictable: [(id: ServableID, byteCount: Int, lastUse: UInt64)] {
        models.filter { $0.value.isOnDemand && !$0.value.specification.isPinned }.flatMap { name, model in
            model.versions.compactMap { version, record in
                guard record.phase.isAvailable, let loaded = record.loaded else { return nil }
                let id = ServableID(name: name, version: version)
                return (id, loaded.memory.chargedByteCount, table.lastUse(of: id))
            }
        }
    }

    private func memory(where isCounted: (ManagedVersion) -> Bool) -> Int {
        models.values.lazy.flatMap(\.versions.values).filter(isCounted).reduce(0) { $0 + ($1.loaded?.memory.chargedByteCount ?? 0) }
    }
}

extension ManagedModel {
    /// The version that a request for the latest one asks for: the newest that has not failed by itself.
    fileprivate var newestToTry: Int64? {
        targets.filter { versions[$0]?.phase.failure.map { $0.cause == .budget } ?? true }.max()
    }
}

extension ManagedVersion.Phase {
    fileprivate var isLoadedOrLoading: Bool {
        switch self {
        case .queued, .loading, .backingOff, .available: true
        case .cold, .unloading, .failed: false
        }
    }
}
