/// What loads take: who loads, what is looked at, the memory they share, and a thread for each.
struct LoadResources {
    private let loader: any ServableLoader
    private let source: any VersionSource
    private let budget: ResourceBudget
    /// Threads that are kept for loading and have nothing to do.
    private var idleExecutors: [BlockingExecutor]
    /// Whether requests are served from whose threads loads are to take no time.
    private(set) var isLowPriority = false

    init(loader: any ServableLoader, source: any VersionSource, budget: ResourceBudget, concurrentLoadLimit: Int) {
        self.loader = loader
        self.source = source
        self.budget = budget
        idleExecutors = (0..<concurrentLoadLimit).map { _ in BlockingExecutor(priority: .normal) }
    }

    var hasIdleExecutor: Bool { !idleExecutors.isEmpty }

    /// - Parameter isOnDemand: the version has to leave a twentieth of the budget to what is taken while serving, since others of its
    ///   kind would otherwise fill it to the last byte.
    func makeJob(_ id: ServableID, path: String, isOnDemand: Bool, earlier: MeasuredLoad?) -> LoadJob {
        LoadJob(
            id: id, path: path, loader: loader, source: source, budget: budget,
            headroom: isOnDemand ? (budget.byteLimit ?? 0) / 20 : 0, earlier: earlier)
    }

    /// Lends a thread for one load; nil when all are busy.
    mutating func takeExecutor() -> BlockingExecutor? { idleExecutors.popLast() }

    mutating func giveBack(_ executor: BlockingExecutor) {
        if isLowPriority { executor.lowerPriority() }
        idleExecutors.append(executor)
    }

    /// The first loads, for which everybody waits, are over.
    mutating func lowerPriority() {
        isLowPriority = true
        for executor in idleExecutors { executor.lowerPriority() }
    }
}
