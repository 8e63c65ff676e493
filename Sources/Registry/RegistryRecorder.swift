package import ServableCore
import Synchronization

/// Writes what happens to models into the registry, behind the back of serving.
///
/// Events are taken at once and written in batches. A write that fails stops nothing: it is reported, shown as degraded health and
/// tried again after an interval and with every further event. When too much waits, older states give way to newer ones of the same
/// thing, so that the record, once it can be written, shows the present state.
package actor RegistryRecorder {
    /// Something that whoever runs the daemon should know.
    package enum Trouble: Sendable, Equatable {
        case writeFailed(RegistryError, pendingCount: Int)
        /// Writing works again.
        case recovered
        /// One event that the database refuses for itself, left out so that the others are written.
        case refused(ServableEvent, RegistryError)
        /// Events left out because too many waited.
        case thinned(droppedCount: Int)
        /// The end came before the last events could be written.
        case lost(count: Int)
    }

    package struct Health: Sendable, Equatable {
        /// Whether the last write failed.
        package var isDegraded = false
        package var pendingCount = 0
        /// Writes that failed since the start.
        package var failedWriteCount = 0
        /// Events that never will be in the record, since the start.
        package var droppedCount = 0
        package var lastError: RegistryError?

        package init() {}
    }

    /// Where batches go: the registry, or a test's stand-in.
    package typealias Write = @Sendable ([ServableEvent]) async throws(RegistryError) -> Void

    /// Events of one transaction.
    private static let batchLimit = 500

    private let write: Write
    private let clock: any Clock<Duration>
    private let retryInterval: Duration
    private let pendingLimit: Int
    private let report: @Sendable (Trouble) -> Void
    private let published = HealthBox()
    private var pending: [ServableEvent] = []
    private var health = Health() { didSet { published.set(health) } }
    private let wakeUps: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation
    private var retryTimer: Task<Void, Never>?

    /// - Parameters:
    ///   - pendingLimit: events that wait before older ones give way.
    ///   - report: called in order; must not block.
    package init(
        retryInterval: Duration = .seconds(5),
        pendingLimit: Int = 10_000,
        clock: any Clock<Duration> = ContinuousClock(),
        report: @escaping @Sendable (Trouble) -> Void,
        write: @escaping Write
    ) {
        self.write = write
        self.clock = clock
        self.retryInterval = retryInterval
        self.pendingLimit = max(1, pendingLimit)
        self.report = report
        (wakeUps, wakeUp) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    package init(registry: ModelRegistry, report: @escaping @Sendable (Trouble) -> Void) {
        self.init(report: report) { (events) async throws(RegistryError) in try await registry.record(events) }
    }

    /// Readable from every thread.
    package nonisolated var currentHealth: Health { published.value }

    /// Takes events until the stream ends, then writes what waits, once more, and returns. Run it once.
    package func run(_ events: AsyncStream<ServableEvent>) async {
        let taking = Task {
            for await event in events { accept(event) }
            wakeUp.finish()
        }
        for await _ in wakeUps { await writePending() }
        await taking.value
        await writePending()
        retryTimer?.cancel()
        guard !pending.isEmpty else { return }
        health.droppedCount += pending.count
        report(.lost(count: pending.count))
        pending = []
        health.pendingCount = 0
    }

    private func accept(_ event: ServableEvent) {
        pending.append(event)
        if pending.count > pendingLimit { thin() }
        health.pendingCount = pending.count
        wakeUp.yield()
    }

    private func writePending() async {
        while !pending.isEmpty {
            let batch = Array(pending.prefix(Self.batchLimit))
            do throws(RegistryError) {
                try await write(batch)
            } catch {
                guard !error.mayPass else { return degrade(error) }
                await writeOneByOne(batch)
                if health.isDegraded { return }
                continue
            }
            finish(batch)
        }
    }

    /// One event spoils its transaction; the others are written without it.
    private func writeOneByOne(_ batch: [ServableEvent]) async {
        for event in batch {
            do throws(RegistryError) {
                try await write([event])
            } catch {
                guard !error.mayPass else { return degrade(error) }
                health.failedWriteCount += 1
                health.droppedCount += 1
                report(.refused(event, error))
            }
            finish([event])
        }
    }

    /// Removes what has been written. Thinning may have removed some of it meanwhile, so it is matched, not counted.
    private func finish(_ batch: [ServableEvent]) {
        var written = batch[...]
        pending.removeAll { event in
            guard let next = written.firstIndex(of: event) else { return false }
            written = written[(next + 1)...]
            return true
        }
        health.pendingCount = pending.count
        guard health.isDegraded else { return }
        health.isDegraded = false
        health.lastError = nil
        report(.recovered)
    }

    private func degrade(_ error: RegistryError) {
        let isNew = !health.isDegraded || health.lastError != error
        health.isDegraded = true
        health.failedWriteCount += 1
        health.lastError = error
        if isNew { report(.writeFailed(error, pendingCount: pending.count)) }
        retryTimer?.cancel()
        retryTimer = Task { [clock, retryInterval, wakeUp] in
            do {
                try await clock.sleep(for: retryInterval)
                wakeUp.yield()
            } catch {}  // Cancelled: another try came first.
        }
    }

    private func thin() {
        var subjects: Set<Subject> = []
        let kept = pending.reversed().filter { subjects.insert(Subject($0.kind)).inserted }
        let droppedCount = pending.count - kept.count
        pending = kept.reversed()
        guard droppedCount > 0 else { return }
        health.droppedCount += droppedCount
        report(.thinned(droppedCount: droppedCount))
    }

    /// What an event is about: a later one about the same makes an earlier one dispensable.
    private enum Subject: Hashable {
        case wantedModels
        case presence(String)
        case status(ServableID)
        case description(ServableID)
        case labels(String)
        case files(ServableID)
        case problem(String)
        case decision(String)
        case reload

        init(_ kind: ServableEvent.Kind) {
            switch kind {
            case .modelsWanted: self = .wantedModels
            case .versionsPresent(let model, _, _): self = .presence(model)
            case .status(let status): self = .status(status.id)
            case .described(let id, _): self = .description(id)
            case .labels(let model, _, _): self = .labels(model)
            case .filesChanged(let id, _): self = .files(id)
            case .problem(let model, _): self = .problem(model)
            case .decided(let model, _, _): self = .decision(model)
            case .reload: self = .reload
            }
        }
    }
}

private final class HealthBox: Sendable {
    private let contents = Mutex(RegistryRecorder.Health())

    var value: RegistryRecorder.Health { contents.withLock { $0 } }
    func set(_ value: RegistryRecorder.Health) { contents.withLock { $0 = value } }
}
