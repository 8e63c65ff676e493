import Logging
import ServableCore
import Synchronization

/// A manager over a real directory, with a fake loader, a clock that stands still and a log that is kept.
final class Scene: Sendable {
    let directory: TemporaryDirectory
    let loader: FakeLoader
    let clock = ManualClock()
    let log = LogKeeper()
    let budget: ResourceBudget
    let manager: ServableManager

    init(
        loader: FakeLoader = FakeLoader(),
        budget: ResourceBudget = ResourceBudget(),
        source: any VersionSource = DirectorySource(),
        previousLife: PreviousLife = PreviousLife(),
        now: @escaping @Sendable () -> Timestamp = Timestamp.now,
        trimHeap: @escaping @Sendable () -> Void = {},
        options: LifecycleOptions = LifecycleOptions(quietPeriod: .zero)
    ) throws {
        directory = try TemporaryDirectory()
        self.loader = loader
        self.budget = budget
        let log = log
        manager = ServableManager(
            loader: loader, source: source, options: options, budget: budget, previousLife: previousLife, clock: clock, now: now,
            trimHeap: trimHeap, logger: Logger(label: "test") { _ in log }
        )
    }

    var table: ServableTable { manager.table }
    var board: StatusBoard { manager.board }

    func specification(
        _ name: String, policy: VersionPolicy = .latest(1), labels: [String: Int64] = [:]
    ) -> ModelSpecification {
        ModelSpecification(name: name, basePath: directory.path + "/" + name, versionPolicy: policy, labels: labels)
    }

    func serve(_ models: [ModelSpecification]) async throws {
        try await manager.apply(models)
        await manager.settle(timeout: .seconds(3600))
    }

    /// Applies and waits until what can be loaded is loaded.
    func serve(_ models: ModelSpecification..., root: String? = nil) async throws {
        try await manager.apply(models, modelRoot: root)
        await manager.settle(timeout: .seconds(3600))
    }

    /// Looks at the directories and waits until what can be done is done.
    func look() async {
        await manager.poll()
        await manager.settle(timeout: .seconds(3600))
    }

    func state(_ name: String, _ version: Int64) -> ServableState? {
        board.status(of: ServableID(name: name, version: version))?.state
    }

    func states(_ name: String) -> [String] {
        board.statuses(of: name).map { "\($0.id.version) \($0.state.rawValue)" }
    }
}

extension ServableManager {
    func apply(_ models: [ModelSpecification], modelRoot: String? = nil) async throws {
        await serve(try ServingSpecification(models: models, modelRoot: modelRoot).validated())
    }
}

/// Reads a manager's events until one is met.
struct EventReader {
    private var iterator: AsyncStream<ServableEvent>.Iterator
    private(set) var seen: [ServableEvent.Kind] = []

    init(_ manager: ServableManager) {
        iterator = manager.events().makeAsyncIterator()
    }

    mutating func readUntil(_ name: String, _ version: Int64, is state: ServableState) async {
        while let event = await iterator.next() {
            seen.append(event.kind)
            if case .status(let status) = event.kind, status.id == ServableID(name: name, version: version), status.state == state {
                return
            }
        }
    }

    mutating func readUntil(_ isMet: (ServableEvent.Kind) -> Bool) async {
        while let event = await iterator.next() {
            seen.append(event.kind)
            if isMet(event.kind) { return }
        }
    }

    mutating func readToEnd() async { await readUntil { _ in false } }

    /// States in the order of their events.
    var states: [String] {
        seen.compactMap {
            if case .status(let status) = $0 { "\(status.id.name) \(status.id.version) \(status.state.rawValue)" } else { nil }
        }
    }
}

/// Keeps log lines instead of writing them.
final class LogKeeper: LogHandler {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }
    func lines(containing text: String) -> [String] { lines.filter { $0.contains(text) } }

    func log(event: LogEvent) {
        kept.withLock { $0.append("\(event.level): \(event.message)") }
    }

    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
}
