/// What loads take: who loads, what is looked at, the memory they share, and a thread for each.
struct LoadResources {
    private let loader: any ServableLoader
    private let source: any VersionSource
    private let budget: ResourceBudget
    /// Threads that are kept for loading and have nothing to do.
    private var idleExecutors: [BlockingExecutor]

    init(loader: any ServableLoader, source: any VersionSource, budget: ResourceBudget, concurrentLoadLimit: Int) {
        self.loader = loader
        self.source = source
        self.budget = budget
        idleExecutors = (0..<concurrentLoadLimit).map { BlockingExecutor(label: "apus.lifecycle.load.\($0)") }
    }

    var hasIdleExecutor: Bool { !idleExecutors.isEmpty }

    func makeJob(_ id: ServableID, path: String) -> LoadJob {
        LoadJob(id: id, path: path, loader: loader, source: source, budget: budget)
    }

    /// Lends a thread for one load; nil when all are busy.
    mutating func takeExecutor() -> BlockingExecutor? { idleExecutors.popLast() }

    mutating func giveBack(_ executor: BlockingExecutor) { idleExecutors.append(executor) }
}
