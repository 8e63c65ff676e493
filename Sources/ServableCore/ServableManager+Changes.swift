import Logging

/// Versions whose files are no longer what was loaded.
extension ServableManager {
    /// Reports versions that serve and whose files have changed, once each, and loads them again if that is wished.
    func noticeChangedFiles(of found: DiscoveredModel) {
        for version in found.versions {
            let id = ServableID(name: found.specification.name, version: version.version)
            guard let record = self[id], record.phase.isAvailable, record.path == version.path, let loaded = record.loaded,
                let fingerprint = version.fingerprint, let old = loaded.fingerprint, fingerprint != old
            else { continue }
            if board.status(of: id)?.notice == nil {
                let advice =
                    options.changedInPlace == .keep
                    ? "what is loaded goes on serving; publish the new content as a new version" : "it is loaded again"
                note(id, "its files in \"\(record.path)\" have changed since it was loaded; \(advice)")
            }
            guard options.changedInPlace == .reload, loaded.refused != fingerprint, isQuiet(version) else { continue }
            reload(id)
        }
    }

    /// Compares a version's files with those of the last time it was loaded, in this life of the process or the one before.
    func compare(_ id: ServableID, digest: String) {
        let old = previousLife.digests.updateValue(digest, forKey: id)
        guard let old, old != digest else { return }
        note(
            id,
            "its files are not those that it was loaded from before (digest \(old.prefix(12))… became \(digest.prefix(12))…); "
                + "publish changed content as a new version")
    }

    private func note(_ id: ServableID, _ detail: String) {
        logger.warning("\(id): \(detail)", metadata: Self.facts(of: id))
        if let status = board.status(of: id) { board.set(status.noting(detail)) }
        announce(.filesChanged(id, detail: detail))
    }

    /// Loads the version's files as they are now beside what serves, which goes when they are loaded.
    func reload(_ id: ServableID) {
        guard let record = self[id], record.reload == nil, let executor = loads.takeExecutor() else { return }
        let job = makeJob(id, path: record.path)
        self[id]?.reloadError = nil
        self[id]?.reload = Task.detached {
            let result = await executor.run { await job.run() }
            await self.finishReload(id, life: record.life, on: executor, consume result)
        }
    }

    private func finishReload(
        _ id: ServableID, life: UInt64, on executor: BlockingExecutor, _ result: consuming LoadJob.Result
    ) {
        loads.giveBack(executor)
        observer?.finishedLoad(result.report)
        if let record = self[id], record.life == life, record.phase.isAvailable {
            self[id]?.reload = nil
            switch result.outcome {
            case .loaded(let servable, let loaded):
                exchange(servable, loaded, id: id, path: record.path)
                logLoad(result.report, byteCount: loaded.memory.chargedByteCount)
            case .failed(let failure):
                heap.trimSoon()
                self[id]?.loaded?.refused = failure.fingerprint
                self[id]?.reloadError = failure.error
                logger.error("\(id): its changed files cannot be loaded; what is loaded goes on serving: \(failure.error)")
            }
        }
        reconcile([id.name])
    }

    private func exchange(_ servable: any Servable, _ loaded: ManagedVersion.Loaded, id: ServableID, path: String) {
        let life = makeLife()
        let handle = makeHandle(id, servable, life: life, loaded)
        if case .available(let description) = self[id]?.phase { description.cancel() }
        self[id]?.life = life
        self[id]?.loaded = loaded
        table.publish(handle)
        self[id]?.phase = .available(description: describe(handle))
        publish(ServableStatus(id: id, state: .available, since: now(), path: path))
    }
}
