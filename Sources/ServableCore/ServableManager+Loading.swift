import Logging

/// From what is wanted to what is loaded.
extension ServableManager {
    /// Brings models nearer to what is wanted; called after every change, with the models that it concerns.
    func reconcile(_ names: [String]) {
        for name in names { reconcile(name) }
        startQueuedLoads()
        for name in names { arrivals.changed(name) }
        resumeWaiters()
    }

    private func reconcile(_ name: String) {
        chooseStandIns(of: name)
        cancelUnwanted(of: name)
        listCold(of: name)
        scheduleDepartures(of: name)
        while let model = models[name], let action = options.swapPolicy.nextAction(candidates(of: model)) {
            switch action {
            case .load(let version): begin(ServableID(name: name, version: version))
            case .unload(let version): unload(ServableID(name: name, version: version))
            }
        }
        if let model = models[name], !model.isConfigured, model.versions.isEmpty { models[name] = nil }
    }

    /// Gives a failed version a new try now: at once if it waits for one, as a new life if it had ended.
    func retryAtOnce(_ id: ServableID) {
        guard let record = self[id] else { return }
        switch record.phase {
        case .failed:
            self[id] = nil
            board.unpin(id)
        case .backingOff(_, _, let timer):
            timer.cancel()
            self[id]?.phase = .queued(attempt: 1)
        case .cold, .queued, .loading, .available, .unloading: break
        }
    }

    /// Versions that wait for a request are none: nothing is done to them.
    private func candidates(of model: ManagedModel) -> [AvailabilityPreservingPolicy.Candidate] {
        var candidates = model.versions.filter { !$0.value.phase.isCold }.map { version, record in
            let isWanted = model.isWanted(version)
            let isReady = record.phase.isAvailable && !isHeld(record, isWanted: isWanted, of: model)
            return AvailabilityPreservingPolicy.Candidate(version: version, isWanted: isWanted, standing: isReady ? .ready : .occupied)
        }
        for version in model.targets where model.versions[version]?.phase.isCold ?? true && !model.isCold(version) {
            let mayStillBeCopied = model.hasAvailableVersion && model.target(version).map(isQuiet) == false
            candidates.append(.init(version: version, isWanted: true, standing: mayStillBeCopied ? .occupied : .new))
        }
        return candidates
    }

    private func begin(_ id: ServableID) {
        if let record = self[id], record.phase.isCold {
            self[id]?.phase = .queued(attempt: 1)
        } else {
            beginLife(of: id, phase: .queued(attempt: 1))
        }
    }

    func beginLife(of id: ServableID, phase: ManagedVersion.Phase) {
        guard let path = models[id.name]?.target(id.version)?.path else { return }
        self[id] = ManagedVersion(life: makeLife(), path: path, phase: phase)
        publish(ServableStatus(id: id, state: .start, since: now(), path: path))
    }

    /// Ends what waits for a try, and cancels a running load unless it could be the first version to serve.
    private func cancelUnwanted(of name: String) {
        guard let model = models[name] else { return }
        for (version, record) in model.versions where !model.isWanted(version) {
            let id = ServableID(name: name, version: version)
            switch record.phase {
            case .cold, .queued:
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
        while loads.hasIdleExecutor, let (id, attempt) = nextQueued(), let executor = loads.takeExecutor() {
            startLoad(id, attempt: attempt, on: executor)
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

    private func startLoad(_ id: ServableID, attempt: Int, on executor: BlockingExecutor) {
        guard let record = self[id] else { return loads.giveBack(executor) }
        let job = makeJob(id, path: record.path)
        let task = Task.detached {
            let result = await executor.run { await job.run() }
            // Given away: this task may go on late, and must not keep a version in memory that is unloaded meanwhile.
            await self.finishLoad(id, life: record.life, attempt: attempt, on: executor, consume result)
        }
        self[id]?.phase = .loading(attempt: attempt, task: task)
        if attempt == 1, board.status(of: id)?.state != .loading {
            publish(ServableStatus(id: id, state: .loading, since: now(), path: record.path))
        }
    }

    func makeJob(_ id: ServableID, path: String) -> LoadJob {
        let model = models[id.name]
        return loads.makeJob(
            id, path: path, isOnDemand: model?.isOnDemand ?? false, earlier: model?.measured[id.version])
    }

    private func finishLoad(
        _ id: ServableID, life: UInt64, attempt: Int, on executor: BlockingExecutor, _ result: consuming LoadJob.Result
    ) {
        loads.giveBack(executor)
        observer?.finishedLoad(result.report)
        switch result.outcome {
        case .loaded(let servable, let loaded):
            models[id.name]?.measured[id.version] = MeasuredLoad(
                fingerprint: loaded.fingerprint, byteCount: loaded.memory.chargedByteCount)
            take(servable, loaded, id: id, life: life, result.report)
        case .failed(let failure):
            heap.trimSoon()
            if failure.neededByteCount > 0 {
                models[id.name]?.measured[id.version] = MeasuredLoad(
                    fingerprint: failure.fingerprint, byteCount: failure.neededByteCount)
            }
            fail(id, failure, attempt: attempt)
        }
        reconcile([id.name])
    }

    private func take(
        _ servable: any Servable, _ loaded: ManagedVersion.Loaded, id: ServableID, life: UInt64, _ report: LoadReport
    ) {
        guard let model = models[id.name], let record = self[id] else { return }
        let handle = makeHandle(id, servable, life: life, loaded)
        self[id]?.loaded = loaded
        guard model.isWanted(id.version) || wouldBeFirst(of: model) else {
            // Nobody wants it any more: letting the handle go ends it as an unload would.
            self[id]?.phase = .unloading
            return publish(ServableStatus(id: id, state: .unloading, since: now(), path: record.path))
        }
        table.publish(handle)
        self[id]?.phase = .available(description: describe(handle))
        publish(ServableStatus(id: id, state: .available, since: now(), path: record.path))
        logLoad(report, byteCount: loaded.memory.chargedByteCount)
        updateLabels(of: id.name)
    }

    private func fail(_ id: ServableID, _ failure: LoadFailure, attempt: Int) {
        guard let model = models[id.name], let record = self[id] else { return }
        guard model.isWanted(id.version) else { return end(id, error: failure.error) }
        if failure.error.code == .cancelled {
            // It was unwanted for a moment and is wanted again.
            self[id]?.phase = .queued(attempt: attempt)
            return
        }
        if failure.lacksNothingNow, attempt <= options.loadRetryLimit {
            self[id]?.phase = .queued(attempt: attempt + 1)
            return
        }
        let comesWithRoom = failure.cause == .budget && makeRoom(for: failure)
        guard comesWithRoom || failure.cause != .files && attempt <= options.loadRetryLimit && !model.isRefused(failure) else {
            self[id]?.phase = .failed(failure)
            return publish(
                ServableStatus(id: id, state: .end, error: failure.error, since: now(), path: record.path), isPinned: true)
        }
        let timer = Task { [clock, options] in
            do {
                try await clock.sleep(for: max(.zero, options.loadRetryInterval))
                retryWhenDue(id, life: record.life, attempt: attempt)
            } catch {}  // Cancelled: the version was retried otherwise or is wanted no more.
        }
        self[id]?.phase = .backingOff(attempt: attempt, failure, timer: timer)
        // A version that waits for others to go has not failed.
        guard !comesWithRoom else { return }
        let since = board.status(of: id)?.since ?? now()
        publish(ServableStatus(id: id, state: .loading, lastError: failure.error, since: since, path: record.path))
    }

    private func retryWhenDue(_ id: ServableID, life: UInt64, attempt: Int) {
        guard let record = self[id], record.life == life, case .backingOff(attempt, _, _) = record.phase else { return }
        self[id]?.phase = .queued(attempt: attempt + 1)
        reconcile([id.name])
    }
}

extension ManagedModel {
    /// Whether nobody waits for a later try: a request for a version that does not fit is refused, and the next one tries again.
    fileprivate func isRefused(_ failure: LoadFailure) -> Bool { isOnDemand && failure.cause == .budget }
}
