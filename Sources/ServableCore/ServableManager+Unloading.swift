import Logging

/// From loaded to gone.
extension ServableManager {
    func unload(_ id: ServableID) {
        guard let record = self[id], case .available(let description) = record.phase else { return }
        description.cancel()
        record.reload?.cancel()
        if case .waiting(let timer) = record.departure { timer.cancel() }
        self[id]?.phase = .unloading
        publish(ServableStatus(id: id, state: .unloading, since: now(), path: record.path))
        table.withdraw(id)
    }

    func end(_ id: ServableID, error: ServableError?) {
        guard let record = self[id] else { return }
        self[id] = nil
        publish(ServableStatus(id: id, state: .end, error: error, since: now(), path: record.path))
    }

    private func released(_ id: ServableID, life: UInt64) {
        guard let record = self[id], record.life == life else { return }
        end(id, error: nil)
        reconcile(retryRefusedForMemory().union([id.name]).sorted())
    }

    /// Memory has been given back: versions that were refused some are tried again.
    ///
    /// - Returns: their models.
    private func retryRefusedForMemory() -> Set<String> {
        var names: Set<String> = []
        for (name, model) in models {
            for (version, record) in model.versions where record.phase.failure?.cause == .budget {
                // A request that was refused has had its answer.
                if model.isOnDemand, record.phase.hasEnded { continue }
                retryAtOnce(ServableID(name: name, version: version))
                names.insert(name)
            }
        }
        return names
    }

    func makeHandle(
        _ id: ServableID, _ servable: any Servable, life: UInt64, _ loaded: ManagedVersion.Loaded
    ) -> ServableHandle {
        let notesUse = models[id.name]?.isOnDemand ?? false
        return Self.makeHandle(id, servable, notesUse: notesUse, on: self, life: life, reservation: loaded.memory)
    }

    /// Formed outside the actor's isolation, since the last reference may go on any thread.
    private nonisolated static func makeHandle(
        _ id: ServableID, _ servable: any Servable, notesUse: Bool, on manager: ServableManager, life: UInt64, reservation: Reservation
    ) -> ServableHandle {
        ServableHandle(id: id, servable: servable, notesUse: notesUse, releaseThread: manager.releaseThread) { [weak manager] in
            reservation.release()
            WorkThread.relay.async { [weak manager] in
                guard let manager else { return }
                manager.heap.trimSoon()
                Task { await manager.released(id, life: life) }
            }
        }
    }

    /// Finds the facts to record, in the background. A version that is unloaded before its turn is passed over, and one that is
    /// unloaded meanwhile need not be read to the end: its memory is not held up.
    func describe(_ handle: ServableHandle) -> Task<Void, Never> {
        let (id, executor) = (handle.id, describeExecutor)
        return Task.detached { [weak handle] in
            let result = await executor.run { [weak handle] () -> Result<ServableDescription?, any Error> in
                Result {
                    guard !Task.isCancelled, let handle else { return nil }
                    // The servable's last reference is to be the handle's, so that the heap is trimmed after it.
                    defer { withExtendedLifetime(handle) {} }
                    return try handle.servable.describe()
                }
            }
            await self.finishDescription(of: id, result)
        }
    }

    private func finishDescription(of id: ServableID, _ result: Result<ServableDescription?, any Error>) {
        switch result {
        case .success(let description?):
            announce(.described(id, description))
            compare(id, digest: description.digest)
        case .success(nil): break
        case .failure(is CancellationError): break
        case .failure(let error): logger.warning("\(id) is served, but its format, digest and size cannot be recorded: \(error)")
        }
    }
}
