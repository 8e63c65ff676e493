import Logging

/// From what is wanted to what is loaded.
extension ServableManager {
    /// Brings models nearer to what is wanted; called after every change, with the models that it concerns.
    func reconcile(_ names: [String]) {
        for name in names { reconcile(name) }
        startQueuedLoads()
        tellWaiters()
    }

    private func reconcile(_ name: String) {
        cancelUnwanted(of: name)
        while let model = models[name], let action = AvailabilityPreservingPolicy.nextAction(candidates(of: model)) {
            switch action {
            case .load(let version): begin(ServableID(name: name, version: version))
            case .unload(let version): unload(ServableID(name: name, version: version))
            }
        }
        if let model = models[name], !model.isConfigured, model.versions.isEmpty { models[name] = nil }
    }

    /// Gives a failed version a new try now: at once if it waits for one, as a new life if it had ended.
    func retryAtOnce(_ id: ServableID) {
        guard let record = models[id.name]?.versions[id.version] else { return }
        switch record.phase {
        case .failed:
            models[id.name]?.versions[id.version] = nil
            board.unpin(id)
        case .backingOff(_, _, let timer):
            timer.cancel()
            models[id.name]?.versions[id.version]?.phase = .queued(attempt: 1)
        case .queued, .loading, .available, .unloading: break
        }
    }

    private func candidates(of model: ManagedModel) -> [AvailabilityPreservingPolicy.Candidate] {
        var candidates = model.versions.map { version, record in
            AvailabilityPreservingPolicy.Candidate(
                version: version, isWanted: model.isWanted(version), standing: record.phase.isAvailable ? .ready : .occupied)
        }
        for (version, found) in model.wanted where model.versions[version] == nil {
            let mayStillBeCopied = model.hasAvailableVersion && !isQuiet(found)
            candidates.append(.init(version: version, isWanted: true, standing: mayStillBeCopied ? .occupied : .new))
        }
        return candidates
    }

    private func begin(_ id: ServableID) {
        guard let path = models[id.name]?.wanted[id.version]?.path else { return }
        lifeCount += 1
        models[id.name]?.versions[id.version] = ManagedVersion(life: lifeCount, path: path, phase: .queued(attempt: 1))
        publish(ServableStatus(id: id, state: .start, since: now(), path: path))
    }

    /// Ends what waits for a try, and asks a running load to stop unless it could be the first version to serve.
    private func cancelUnwanted(of name: String) {
        guard let model = models[name] else { return }
        for (version, record) in model.versions where !model.isWanted(version) {
            let id = ServableID(name: name, version: version)
            switch record.phase {
            case .queued:
                end(id, error: nil)
            case .backingOff(_, let failure, let timer):
                timer.cancel()
                end(id, error: failure.error)
            case .failed:
                models[name]?.versions[version] = nil
                board.unpin(id)
            case .loading(_, let task):
                if !wouldBeFirst(of: model) { task.cancel() }
            case .available, .unloading: break
            }
        }
    }

    private func wouldBeFirst(of model: ManagedModel) -> Bool { !model.wanted.isEmpty && !model.hasAvailableVersion }

    private func startQueuedLoads() {
        while let slot = freeLoadSlots.last, let (id, attempt) = nextQueued() {
            freeLoadSlots.removeLast()
            startLoad(id, attempt: attempt, slot: slot)
        }
    }

    /// Models that serve nothing and load nothing go first, then those that serve nothing, then in order of demand.
    private func nextQueued() -> (ServableID, attempt: Int)? {
        var best: (rank: (Int, UInt64), id: ServableID, attempt: Int)?
        for (name, model) in models {
            for (version, record) in model.versions {
                guard case .queued(let attempt) = record.phase else { continue }
                let rank = (model.hasAvailableVersion ? 2 : model.isLoading ? 1 : 0, record.life)
                if best.map({ rank < $0.rank }) ?? true { best = (rank, ServableID(name: name, version: version), attempt) }
            }
        }
        return best.map { ($0.id, $0.attempt) }
    }

    private func startLoad(_ id: ServableID, attempt: Int, slot: Int) {
        guard let record = models[id.name]?.versions[id.version] else { return freeLoadSlots.append(slot) }
        let job = LoadJob(id: id, path: record.path, loader: loader, source: source, budget: budget)
        let executor = loadExecutors[slot]
        let task = Task.detached {
            let outcome = await executor.run { await job.run() }
            await self.finishLoad(id, life: record.life, attempt: attempt, slot: slot, outcome)
        }
        models[id.name]?.versions[id.version]?.phase = .loading(attempt: attempt, task: task)
        if attempt == 1, board.status(of: id)?.state != .loading {
            publish(ServableStatus(id: id, state: .loading, since: now(), path: record.path))
        }
    }

    private func finishLoad(_ id: ServableID, life: UInt64, attempt: Int, slot: Int, _ outcome: LoadJob.Outcome) {
        freeLoadSlots.append(slot)
        switch outcome {
        case .loaded(let servable, let reservation): take(servable, reservation, id: id, life: life)
        case .failed(let failure):
            heap.trimSoon()
            fail(id, failure, attempt: attempt)
        }
        reconcile([id.name])
    }

    private func take(_ servable: any Servable, _ reservation: Reservation, id: ServableID, life: UInt64) {
        guard let model = models[id.name], let record = model.versions[id.version] else { return }
        let handle = Self.makeHandle(id, servable, on: self, life: life, reservation: reservation)
        guard model.isWanted(id.version) || wouldBeFirst(of: model) else {
            // Nobody wants it any more: letting the handle go ends it as an unload would.
            models[id.name]?.versions[id.version]?.phase = .unloading
            return publish(ServableStatus(id: id, state: .unloading, since: now(), path: record.path))
        }
        table.publish(handle)
        models[id.name]?.versions[id.version]?.phase = .available(description: describe(handle))
        publish(ServableStatus(id: id, state: .available, since: now(), path: record.path))
        updateLabels(of: id.name)
    }

    private func fail(_ id: ServableID, _ failure: LoadFailure, attempt: Int) {
        guard let model = models[id.name], let record = model.versions[id.version] else { return }
        guard model.isWanted(id.version) else { return end(id, error: failure.error) }
        if failure.error.code == .cancelled {
            // It was unwanted for a moment and is wanted again.
            models[id.name]?.versions[id.version]?.phase = .queued(attempt: attempt)
            return
        }
        guard failure.cause != .files, attempt <= options.loadRetryLimit else {
            models[id.name]?.versions[id.version]?.phase = .failed(failure)
            return publish(
                ServableStatus(id: id, state: .end, error: failure.error, since: now(), path: record.path), isPinned: true)
        }
        let timer = Task { [clock, options] in
            do {
                try await clock.sleep(for: max(.zero, options.loadRetryInterval))
                retryWhenDue(id, life: record.life, attempt: attempt)
            } catch {}  // Cancelled: the version was retried otherwise or is wanted no more.
        }
        models[id.name]?.versions[id.version]?.phase = .backingOff(attempt: attempt, failure, timer: timer)
        let since = board.status(of: id)?.since ?? now()
        publish(ServableStatus(id: id, state: .loading, lastError: failure.error, since: since, path: record.path))
    }

    private func retryWhenDue(_ id: ServableID, life: UInt64, attempt: Int) {
        guard let record = models[id.name]?.versions[id.version], record.life == life,
            case .backingOff(attempt, _, _) = record.phase
        else { return }
        models[id.name]?.versions[id.version]?.phase = .queued(attempt: attempt + 1)
        reconcile([id.name])
    }
}

/// From loaded to gone.
extension ServableManager {
    private func unload(_ id: ServableID) {
        guard let record = models[id.name]?.versions[id.version], case .available(let description) = record.phase else { return }
        description.cancel()
        models[id.name]?.versions[id.version]?.phase = .unloading
        publish(ServableStatus(id: id, state: .unloading, since: now(), path: record.path))
        table.withdraw(id)
    }

    private func end(_ id: ServableID, error: ServableError?) {
        guard let record = models[id.name]?.versions.removeValue(forKey: id.version) else { return }
        publish(ServableStatus(id: id, state: .end, error: error, since: now(), path: record.path))
    }

    private func released(_ id: ServableID, life: UInt64) {
        guard let record = models[id.name]?.versions[id.version], record.life == life else { return }
        end(id, error: nil)
        retryRefusedForMemory()
        reconcile(models.keys.sorted())
    }

    /// Memory has been given back: who was refused some is asked again.
    private func retryRefusedForMemory() {
        for (name, model) in models {
            for (version, record) in model.versions where record.phase.failure?.cause == .budget {
                retryAtOnce(ServableID(name: name, version: version))
            }
        }
    }

    /// Formed outside the actor's isolation, since the last reference may go on any thread.
    private nonisolated static func makeHandle(
        _ id: ServableID, _ servable: any Servable, on manager: ServableManager, life: UInt64, reservation: Reservation
    ) -> ServableHandle {
        ServableHandle(id: id, servable: servable, releaseQueue: manager.releaseQueue) { [weak manager] in
            reservation.release()
            guard let manager else { return }
            manager.heap.trimSoon()
            Task { await manager.released(id, life: life) }
        }
    }

    /// Finds the facts to record, in the background. A version that is unloaded before its turn is passed over, and one that is
    /// unloaded meanwhile need not be read to the end: its memory is not held up.
    private func describe(_ handle: ServableHandle) -> Task<Void, Never> {
        let (id, executor) = (handle.id, describeExecutor)
        return Task.detached { [weak handle] in
            let result = await executor.run { [weak handle] () -> Result<ServableDescription?, any Error> in
                Result { Task.isCancelled ? nil : try handle?.servable.describe() }
            }
            await self.finishDescription(of: id, result)
        }
    }

    private func finishDescription(of id: ServableID, _ result: Result<ServableDescription?, any Error>) {
        switch result {
        case .success(let description?): announce(.described(id, description))
        case .success(nil): break
        case .failure(is CancellationError): break
        case .failure(let error): logger.warning("\(id) is served, but its format, digest and size cannot be recorded: \(error)")
        }
    }
}
