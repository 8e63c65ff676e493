import Dispatch
package import Logging

/// Owns the lives of all versions: asks the source what exists, loads what is wanted, unloads what is not.
///
/// What requests see is in `table`, what people see in `board`; both are read without waiting for the actor. The order of each
/// change is TensorFlow Serving's: *available* is published after the version is in the table, *unloading* before it leaves.
package actor ServableManager {
    package nonisolated let table = ServableTable()
    package nonisolated let board: StatusBoard

    let loader: any ServableLoader
    let source: any VersionSource
    let options: LifecycleOptions
    let budget: ResourceBudget
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp
    let logger: Logger

    private let hub = EventHub()
    private let scanExecutor = BlockingExecutor(label: "apus.lifecycle.scan")
    let describeExecutor = BlockingExecutor(label: "apus.lifecycle.describe")
    let releaseQueue = DispatchQueue(label: "apus.lifecycle.release")
    let heap: HeapTrimmer
    let loadExecutors: [BlockingExecutor]
    var freeLoadSlots: [Int]

    var specification = ServingSpecification(models: [])
    /// Counts applied specifications; a look that began under an older one is dropped.
    private var specificationNumber = 0
    private var lookNumber = 0
    private var integratedLookNumber = 0
    private var hasLooked = false
    var isShuttingDown = false

    var models: [String: ManagedModel] = [:]
    var lifeCount: UInt64 = 0
    var announcedModels: [String: String]?
    var modelRootProblem: String?
    var loggedWarnings: Set<String> = []
    private var waiters: [UInt64: Waiter] = [:]
    private var waiterCount: UInt64 = 0

    /// - Parameters:
    ///   - clock: what polling, retries and timeouts wait on.
    ///   - now: the wall clock for statuses, events and the age of files.
    ///   - trimHeap: gives freed memory back to the system; called in the background after servables have been freed.
    package init(
        loader: any ServableLoader,
        source: any VersionSource = DirectorySource(),
        options: LifecycleOptions = LifecycleOptions(),
        budget: ResourceBudget = ResourceBudget(),
        board: StatusBoard = StatusBoard(),
        clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping @Sendable () -> Timestamp = Timestamp.now,
        trimHeap: @escaping @Sendable () -> Void = {},
        logger: Logger
    ) {
        self.loader = loader
        self.source = source
        self.options = options
        self.budget = budget
        self.board = board
        self.clock = clock
        self.now = now
        self.logger = logger
        heap = HeapTrimmer(queue: releaseQueue, trim: trimHeap)
        loadExecutors = (0..<options.concurrentLoadLimit).map { BlockingExecutor(label: "apus.lifecycle.load.\($0)") }
        freeLoadSlots = Array(loadExecutors.indices.reversed())
    }

    /// Everything that happens from now on. Subscribe before the first `apply` to miss nothing. The stream ends with `shutDown`.
    package nonisolated func events() -> AsyncStream<ServableEvent> { hub.subscribe() }

    /// Replaces what is to be served and looks at the directories at once; loads and unloads follow in the background.
    ///
    /// After `shutDown` nothing changes.
    package func serve(_ valid: ValidatedSpecification) async {
        guard !isShuttingDown else { return }
        specification = valid.specification
        specificationNumber += 1
        await poll()
    }

    /// Looks at the directories once and acts on what is found.
    package func poll() async {
        guard !isShuttingDown else { return }
        lookNumber += 1
        let (look, applied) = (lookNumber, specificationNumber)
        let (source, specification, known) = (source, specification, knownVersions)
        let discovery = await scanExecutor.run { source.discover(specification, known: known) }
        guard !isShuttingDown, applied == specificationNumber, look > integratedLookNumber else { return }
        integratedLookNumber = look
        hasLooked = true
        integrate(discovery)
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
        guard hasLooked else { return nil }
        let configured = models.values.filter(\.isConfigured)
        return LoadProgress(finishedCount: configured.count { firstTriesAreOver(of: $0) }, modelCount: configured.count)
    }

    /// Unloads everything and waits until the last handle has gone, at most `timeout`.
    ///
    /// - Returns: versions that are still held or still being loaded; empty when all memory has been freed.
    package func shutDown(timeout: Duration) async -> [ServableID] {
        isShuttingDown = true
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
    /// - Parameter isPinned: the version has ended and is still looked after.
    func publish(_ status: ServableStatus, isPinned: Bool = false) {
        board.set(status, isPinned: isPinned)
        announce(.status(status))
        log(status)
    }

    func announce(_ kind: ServableEvent.Kind) {
        hub.send(ServableEvent(time: now(), kind: kind))
    }

    private func log(_ status: ServableStatus) {
        let metadata: Logger.Metadata = [
            "model": "\(status.id.name)", "version": "\(status.id.version)", "state": "\(status.state.rawValue)",
            "path": "\(status.path)",
        ]
        if let error = status.lastError {
            logger.error("\(status.id) is \(status.state.rawValue): \(error)", metadata: metadata)
        } else {
            logger.info("\(status.id) is \(status.state.rawValue)", metadata: metadata)
        }
    }

    /// Versions whose files need no look: they are loaded, being loaded or being unloaded.
    private var knownVersions: Set<ServableID> {
        var known: Set<ServableID> = []
        for (name, model) in models {
            for (version, record) in model.versions where record.phase.failure == nil {
                known.insert(ServableID(name: name, version: version))
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
    private enum Condition {
        case firstTries
        case settled
        case allEnded
    }

    private struct Waiter {
        let condition: Condition
        let continuation: CheckedContinuation<Void, Never>
    }

    /// Lets go those whose condition has come true; called after every change.
    func tellWaiters() {
        for (number, waiter) in waiters where holds(waiter.condition) { release(waiterNumber: number) }
    }

    private func wait(for condition: Condition, timeout: Duration) async {
        guard !holds(condition) else { return }
        waiterCount += 1
        let number = waiterCount
        let timer = Task { [clock] in
            do {
                try await clock.sleep(for: timeout)
                release(waiterNumber: number)
            } catch {}  // Cancelled: the condition came true first.
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiters[number] = Waiter(condition: condition, continuation: $0) }
        } onCancel: {
            Task { await release(waiterNumber: number) }
        }
        timer.cancel()
    }

    private func release(waiterNumber: UInt64) {
        waiters.removeValue(forKey: waiterNumber)?.continuation.resume()
    }

    private func holds(_ condition: Condition) -> Bool {
        switch condition {
        case .firstTries: hasLooked && models.values.allSatisfy { !$0.isConfigured || firstTriesAreOver(of: $0) }
        case .settled: models.values.allSatisfy { $0.versions.values.allSatisfy { Self.isAtRest($0.phase) } }
        case .allEnded: livingVersions.isEmpty
        }
    }

    private func firstTriesAreOver(of model: ManagedModel) -> Bool {
        model.hasAvailableVersion || !model.versions.values.contains { $0.phase.awaitsFirstTry }
    }

    private static func isAtRest(_ phase: ManagedVersion.Phase) -> Bool {
        switch phase {
        case .available, .failed, .backingOff: true
        case .queued, .loading, .unloading: false
        }
    }
}
