/// Versions that are no longer wanted and stay for a while, for requests that name them.
extension ServableManager {
    /// Whether an available version stays though it is not wanted: its time is not over, and its model goes on without it.
    func isHeld(_ record: ManagedVersion, isWanted: Bool, of model: ManagedModel) -> Bool {
        guard options.unloadDelay > .zero, !isWanted, model.isConfigured, !model.targets.isEmpty else { return false }
        if case .due = record.departure { return false }
        return true
    }

    /// Begins the time of versions that are not wanted any more, and ends that of those that are wanted again.
    func scheduleDepartures(of name: String) {
        guard options.unloadDelay > .zero, let model = models[name] else { return }
        for (version, record) in model.versions where record.phase.isAvailable {
            let id = ServableID(name: name, version: version)
            switch (model.isWanted(version), record.departure) {
            case (true, .waiting(let timer)):
                timer.cancel()
                self[id]?.departure = .none
            case (true, .due): self[id]?.departure = .none
            // The time begins when another version can take over.
            case (false, .none) where model.hasWantedVersionAvailable: self[id]?.departure = .waiting(departureTimer(of: id, record.life))
            default: break
            }
        }
    }

    private func departureTimer(of id: ServableID, _ life: UInt64) -> Task<Void, Never> {
        Task { [clock, options] in
            do {
                try await clock.sleep(for: options.unloadDelay)
                depart(id, life: life)
            } catch {}  // Cancelled: the version is wanted again.
        }
    }

    private func depart(_ id: ServableID, life: UInt64) {
        guard let record = self[id], record.life == life, case .waiting = record.departure else { return }
        self[id]?.departure = .due
        reconcile([id.name])
    }
}
