import Logging

/// What an operator decides about a model as a whole, beside what is configured.
extension ServableManager {
    /// Whether the model is one to be served, or would be had no operator taken it out of service.
    package func isConfigured(_ name: String) -> Bool { models[name]?.isConfigured ?? false }

    /// Takes a model out of service, until `restore`: all its versions are unloaded, and none is loaded, whatever comes or is configured.
    /// Returns at once; what runs is finished.
    package func retire(_ name: String) {
        guard isConfigured(name), retired.insert(name).inserted else { return }
        logger.notice("model \"\(name)\" is taken out of service by an operator", metadata: ["model": "\(name)"])
        models[name]?.wanted = [:]
        models[name]?.standIns = []
        models[name]?.demanded = []
        // What exists and is wanted is announced again by the next look.
        models[name]?.announcedPresence = nil
        board.setRetired(name)
        reconcile([name])
    }

    /// Has a model served by its policy: one that was taken out of service comes back, versions that serve are loaded once more from
    /// their files as they are now, and those that failed are tried again. Waits until that is over.
    ///
    /// - Parameter timeout: after which the loads go on alone.
    /// - Throws: why the model does not serve, or goes on serving what was loaded before.
    package func restore(_ name: String, timeout: Duration) async throws(ServableError) {
        let deadline = ContinuousClock.now + timeout
        let wasRetired = retired.remove(name) != nil
        if wasRetired { logger.notice("model \"\(name)\" is put back in service by an operator", metadata: ["model": "\(name)"]) }
        models[name]?.announcedPresence = nil
        await poll()
        if !wasRetired { await reloadAll(of: name, until: deadline) }
        demand(name, version: nil)
        await wait(for: .rest(name), timeout: max(.zero, deadline - .now))
        guard let model = models[name], model.isConfigured else {
            throw ServableError(.notFound, "model \"\(name)\" is not configured any more")
        }
        if let error = model.versions.values.compactMap(\.reloadError).first {
            throw ServableError(error.code, "model \"\(name)\" goes on serving what was loaded before: \(error.message)")
        }
        guard holds(.rest(name)) else {
            throw ServableError(.deadlineExceeded, "model \"\(name)\" is still being loaded; ask again whether it is ready")
        }
        guard model.hasWantedVersionAvailable else { throw reason(model, name) }
    }

    private func reason(_ model: ManagedModel, _ name: String) -> ServableError {
        let newest = model.versions.max { $0.key < $1.key }
        if let failure = newest?.value.phase.failure {
            return ServableError(failure.error.code, "model \"\(name)\" version \(newest?.key ?? 0): \(failure.error.message)")
        }
        return ServableError(.unavailable, "model \"\(name)\" has no version to serve: \(model.problem ?? "none was found")")
    }

    private func reloadAll(of name: String, until deadline: ContinuousClock.Instant) async {
        for version in (models[name]?.versions ?? [:]).keys.sorted() {
            let id = ServableID(name: name, version: version)
            while self[id]?.phase.isAvailable == true, self[id]?.reload == nil, !loads.hasIdleExecutor, .now < deadline {
                await wait(for: .idleExecutor, timeout: deadline - .now)
            }
            if self[id]?.phase.isAvailable == true { reload(id) } else if self[id]?.phase.failure != nil { retryAtOnce(id) }
        }
        reconcile([name])
    }
}
