import Dispatch
import Synchronization

/// Looks at every configured model on its own, and at the model root, so that a path that does not answer (a server of files that is
/// gone) holds up nobody else.
///
/// One thread looks at one after the other. When it is stuck, another goes on with the rest, and what it is stuck at is reported as
/// unreadable and left alone until the thread comes back.
final class DirectoryScanner: Sendable {
    /// Threads that may be stuck at once; beyond them nothing more is looked at until one comes back.
    private static let stuckLimit = 16

    private let source: any VersionSource
    private let patience: Duration
    private let stuck = Mutex<Set<ScanPart>>([])
    private let thread = Mutex(WorkThread(priority: .normal))

    /// - Parameter patience: how long a look at one model may take before the others are looked at without it.
    init(_ source: any VersionSource, patience: Duration) {
        self.source = source
        self.patience = patience
    }

    func discover(_ specification: ServingSpecification, known: [ServableID: Bool]) async -> Discovery {
        let parts = ScanPart.all(of: specification), stuckBefore = stuck.withLock { $0 }
        let scan = DirectoryScan(parts.filter { !stuckBefore.contains($0) })
        if stuckBefore.count < Self.stuckLimit { start(scan, known) }
        while stuckBefore.count < Self.stuckLimit, await !scan.isFinished(within: patience) {
            guard let part = scan.leaveCurrent(after: patience) else { continue }
            let count = stuck.withLock { stuck in
                stuck.insert(part)
                return stuck.count
            }
            guard count < Self.stuckLimit else { break }
            thread.withLock { $0 = WorkThread(priority: .normal) }
            start(scan, known)
        }
        return assemble(specification, parts, scan.results)
    }

    private func start(_ scan: DirectoryScan, _ known: [ServableID: Bool]) {
        thread.withLock { $0 }.async { [self] in
            while let part = scan.next() {
                let found = source.discover(part.specification, known: known)
                // Back from where it was given up.
                if !scan.finish(part, found) {
                    stuck.withLock { _ = $0.remove(part) }
                    return
                }
            }
        }
    }

    /// Models in the order of the specification, then those of the root that it does not name.
    private func assemble(
        _ specification: ServingSpecification, _ parts: [ScanPart], _ results: [ScanPart: Discovery]
    ) -> Discovery {
        var discovery = Discovery()
        let named = Set(specification.models.map(\.name))
        for part in parts {
            guard let found = results[part] else {
                switch part {
                case .model(let model): discovery.models.append(DiscoveredModel(unanswered: model))
                case .root(let path, _):
                    discovery.modelRootProblem = "model root \"\(path)\" does not answer; see whether its file system does"
                }
                continue
            }
            discovery.models += found.models.filter { model in
                if case .root = part { !named.contains(model.specification.name) } else { true }
            }
            discovery.unreadableNames.formUnion(found.unreadableNames)
            discovery.modelRootProblem = found.modelRootProblem ?? discovery.modelRootProblem
            discovery.warnings += found.warnings
        }
        return discovery
    }
}

/// What is looked at in one go.
enum ScanPart: Hashable, Sendable {
    case model(ModelSpecification)
    case root(String, LoadMode)

    static func all(of specification: ServingSpecification) -> [ScanPart] {
        specification.models.map(ScanPart.model) + (specification.modelRoot.map { [.root($0, specification.rootLoadMode)] } ?? [])
    }

    var specification: ServingSpecification {
        switch self {
        case .model(let model): ServingSpecification(models: [model])
        case .root(let path, let mode): ServingSpecification(models: [], modelRoot: path, rootLoadMode: mode)
        }
    }
}

/// One look at everything, by one thread after another.
final class DirectoryScan: Sendable {
    private struct State {
        var waiting: ArraySlice<ScanPart>
        var current: (part: ScanPart, start: ContinuousClock.Instant)?
        var results: [ScanPart: Discovery] = [:]
        var waiter: CheckedContinuation<Bool, Never>?

        var isFinished: Bool { waiting.isEmpty && current == nil }
    }

    private let state: Mutex<State>

    init(_ parts: [ScanPart]) { state = Mutex(State(waiting: parts[...])) }

    var results: [ScanPart: Discovery] { state.withLock { $0.results } }

    /// The part to look at next; nil when there is none.
    func next() -> ScanPart? {
        state.withLock { state in
            guard let part = state.waiting.popFirst() else { return nil }
            state.current = (part, .now)
            return part
        }
    }

    /// - Returns: false when the part was given up meanwhile: its result is of no use.
    func finish(_ part: ScanPart, _ found: Discovery) -> Bool {
        let (isCurrent, waiter) = state.withLock { state -> (Bool, CheckedContinuation<Bool, Never>?) in
            guard state.current?.part == part else { return (false, nil) }
            state.current = nil
            state.results[part] = found
            return (true, state.isFinished ? state.waiter.take() : nil)
        }
        waiter?.resume(returning: true)
        return isCurrent
    }

    /// Gives up the part that is being looked at, if that takes long.
    func leaveCurrent(after patience: Duration) -> ScanPart? {
        state.withLock { state in
            guard let current = state.current, current.start.duration(to: .now) >= patience else { return nil }
            state.current = nil
            return current.part
        }
    }

    /// Waits until all is looked at, or the time is over. For one task at a time.
    func isFinished(within patience: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            let isFinished = state.withLock { state in
                if !state.isFinished { state.waiter = continuation }
                return state.isFinished
            }
            guard !isFinished else { return continuation.resume(returning: true) }
            DispatchQueue.global().asyncAfter(deadline: .now() + patience / .seconds(1)) { [weak self] in
                self?.state.withLock { $0.waiter.take() }?.resume(returning: false)
            }
        }
    }
}

extension DiscoveredModel {
    /// A model whose path did not answer in time.
    fileprivate init(unanswered model: ModelSpecification) {
        let problem = "base path \"\(model.basePath)\" does not answer; see whether its file system does"
        self.init(specification: model, access: .unreadable, versions: [], wanted: [], problem: problem, warnings: [problem])
    }
}
