package import Logging
import Synchronization

/// Owns the lives of all versions: looks at what exists, loads what is wanted, unloads what is not.
///
/// What requests see is in `table`, what people see in `board`; both are read without waiting for the actor. The order of each
/// change is TensorFlow Serving's: *available* is published after the version is in the table, *unloading* before it leaves.
package actor ServableManager {
    /// What the manager is to do.
    private enum Mandate {
        case serve(ServingSpecification)
        case shutDown
    }

    package nonisolated let table = ServableTable()
    package nonisolated let board: StatusBoard
    /// Requests that wait for versions.
    package nonisolated let arrivals = Arrivals()

    let options: LifecycleOptions
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp
    let logger: Logger
    let heap: HeapTrimmer
    let observer: (any LoadObserver)?
    var previousLife: PreviousLife
    let releaseThread = WorkThread(priority: .low)
    let describeExecutor = BlockingExecutor(priority: .low)
    private let scanner: DirectoryScanner
    private let hub = EventHub()

    /// Whether making room for those who serve is under way.
    nonisolated let isMakingRoom = Atomic(false)
    private var mandate = Mandate.serve(ServingSpecification(models: []))
    private var looks = LookSequence()
    private var waiters = Waiters<Condition>()
    private var lifeCount: UInt64 = 0
    /// What was last reported of models as a whole.
    var reported = Reported()
    var models: [String: ManagedModel] = [:]
    /// Models that an operator has taken out of service.
    var retired: Set<String>
    var loads: LoadResources

    /// - Parameters:
    ///   - board: shows the versions' states; of this manager alone.
    ///   - clock: what polling, retries and timeouts wait on.
    ///   - previousLife: what the record says of the time before.
    ///   - observer: hears of every try to load.
    ///   - now: the wall clock for statuses, events and the age of files.
    ///   - trimHeap: gives freed memory back to the system; called in the background after servables have been freed.
    package init(
        loader: any ServableLoader,
        source: any VersionSource = DirectorySource(),
        options: LifecycleOptions = LifecycleOptions(),
        budget: ResourceBudget = ResourceBudget(),
        board: StatusBoard = StatusBoard(),
        previousLife: PreviousLife = PreviousLife(),
        observer: (any LoadObserver)? = nil,
        clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping @Sendable () -> Timestamp = Timestamp.now,
        trimHeap: @escaping @Sendable () -> Void = {},
        logger: Logger
    ) {
        self.board = board
        self.options = options
        self.clock = clock
        self.now = now
        self.logger = logger
        scanner = DirectoryScanner(source, patience: options.scanPatience)
        self.previousLife = previousLife
        retired = previousLife.retired
        self.observer = observer
        heap = HeapTrimmer(thread: releaseThread, trim: trimHeap)
        loads = LoadResources(loader: loader, source: source, budget: budget, concurrentLoadLimit: options.concurrentLoadLimit)
        budget.onRefusal { [weak self] in
            guard let self, !self.isMakingRoom.exchange(true, ordering: .acquiringAndReleasing) else { return }
            WorkThread.relay.async { Task { await self.makeRoomForServing() } }
        }
    }

    /// Everything that happens from now on. Subscribe before the first `serve` to miss nothing. The stream ends with `shutDown`.
    package nonisolated func events() -> AsyncStream<ServableEvent> { hub.subscribe() }

    /// Notes for the record that the configuration was read again.
    ///
    /// - Parameters:
    ///   - detail: what changed, or why it was refused.
    ///   - isInForce: false when it was refused.
    package func noteReload(_ detail: String, isInForce: Bool) { announce(.reload(detail: detail, isInForce: isInForce)) }

    /// Replaces what is to be served and looks at the directories at once; loads and unloads follow in the background.
    ///
    /// After `shutDown` nothing changes.
    package func serve(_ valid: ValidatedSpecification) async {
        guard case .serve = mandate else { return }
        mandate = .serve(valid.specification)
        looks.specificationChanged()
        expect(valid)
        await poll()
    }

    /// Until the directories have been looked at, models of the specification pass for such as will come. Call it before the first
    /// request can come.
    package nonisolated func expect(_ valid: ValidatedSpecification) {
        board.expect(Set(valid.specification.models.map(\.name)), andOthers: valid.specification.modelRoot != nil)
    }

    /// Looks at the directories once and acts on what is found.
    package func poll() async {
        guard case .serve(let specification) = mandate else { return }
        let look = looks.begin()
        let discovery = await scanner.discover(specification, known: knownVersions)
        // The mandate may have changed meanwhile.
        guard case .serve = mandate, looks.accept(look) else { return }
        let isFirst = reported.models == nil
        integrate(discovery, of: specification)
        // Who has come before it was known what there is waits for models that are not there, too.
        if isFirst { arrivals.changedAll() }
    }

    /// Looks at the directories at the poll interval until the task is cancelled.
    package func run() async {
        do {
            while options.pollInterval > .zero {
                try await clock.sleep(for: options.pollInterval)
                await poll()
            }
            let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
            for await _ in stream {}  // Nothing ever comes: this waits until the task is cancelled.
            continuation.finish()
        } catch {
            return  // Sleeping fails only by cancellation, which is how the service is stopped.
        }
    }

    /// Waits until every wanted model has an available version or its first tries are over.
    ///
    /// - Returns: why the process is not ready; empty when every model is available.
    package func initialLoad(timeout: Duration) async -> [String] {
        await wait(for: .firstTries, timeout: timeout)
        return board.unreadiness()
    }

    /// How far the first loads are; nil before the first look at the directories is over.
    package var loadProgress: LoadProgress? {
        guard looks.hasAccepted else { return nil }
        let configured = models.values.filter(\.isConfigured)
        return LoadProgress(
            finishedCount: configured.count(where: \.firstTriesAreOver), modelCount: configured.count,
            loadingNames: configured.filter { !$0.firstTriesAreOver && $0.isLoading }.map(\.specification.name).sorted())
    }

    /// Unloads everything and waits until the last handle has gone, at most `timeout`.
    ///
    /// - Returns: versions that are still held or still being loaded; empty when all memory has been freed.
    package func shutDown(timeout: Duration) async -> [ServableID] {
        mandate = .shutDown
        unloadAllModels()
        await wait(for: .allEnded, timeout: timeout)
        hub.finish()
        return livingVersions.sorted()
    }

    /// Waits until nothing is queued, being loaded or being unloaded: all that remains is available, failed or waits for a retry.
    package func settle(timeout: Duration) async {
        await wait(for: .settled, timeout: timeout)
    }
}

extension ServableManager {
    /// The record of a version that has a life.
    subscript(id: ServableID) -> ManagedVersion? {
        get { models[id.name]?.versions[id.version] }
        set { models[id.name]?.versions[id.version] = newValue }
    }

    /// A number that no other life of any version has.
    func makeLife() -> UInt64 {
        lifeCount += 1
        return lifeCount
    }

    /// - Parameter isPinned: the version has ended and is still looked after.
    func publish(_ status: ServableStatus, isPinned: Bool = false) {
        board.set(status, isPinned: isPinned)
        announce(.status(status))
        log(status)
    }

    func announce(_ kind: ServableEvent.Kind) {
        hub.send(ServableEvent(time: now(), kind: kind))
    }

    /// Versions that have a life, and whether their files are looked into: those that serve may change, those that failed may be mended.
    private var knownVersions: [ServableID: Bool] {
        var known: [ServableID: Bool] = [:]
        for (name, model) in models {
            for (version, record) in model.versions {
                known[ServableID(name: name, version: version)] = record.phase.isAvailable || record.phase.failure != nil
            }
        }
        return known
    }

    private var livingVersions: [ServableID] {
        models.flatMap { name, model in
            model.versions.filter { !$0.value.phase.hasEnded }.keys.map { ServableID(name: name, version: $0) }
        }
    }
}

extension ServableManager {
    enum Condition {
        case firstTries
        case settled
        /// Nothing happens to versions of the model, but for retries.
        case rest(String)
        /// A load may begin at once.
        case idleExecutor
        case allEnded
    }

    /// Resumes those whose condition has come true; called after every change.
    func resumeWaiters() {
        if !loads.isLowPriority, holds(.firstTries) { loads.lowerPriority() }
        waiters.resumeAll(where: holds)
    }

    func wait(for condition: Condition, timeout: Duration) async {
        guard !holds(condition) else { return }
        let number = waiters.makeNumber()
        let timer = Task { [clock] in
            do {
                try await clock.sleep(for: timeout)
                waiters.resume(number)
            } catch {}  // Cancelled: the condition came true first.
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiters.add(number, condition, $0) }
        } onCancel: {
            Task { await resume(number) }
        }
        timer.cancel()
    }

    private func resume(_ number: UInt64) { waiters.resume(number) }

    func holds(_ condition: Condition) -> Bool {
        switch condition {
        case .firstTries: looks.hasAccepted && models.values.allSatisfy { !$0.isConfigured || $0.firstTriesAreOver }
        case .settled: models.values.allSatisfy { $0.versions.values.allSatisfy { $0.phase.isAtRest && $0.reload == nil } }
        case .rest(let name): models[name]?.versions.values.allSatisfy { $0.phase.isAtRest && $0.reload == nil } ?? true
        case .idleExecutor: loads.hasIdleExecutor
        case .allEnded: livingVersions.isEmpty
        }
    }
}
