/// Which group a worker takes next.
enum NextGroup<Key> {
    case none
    case later(ContinuousClock.Instant)
    case runnable(Key)
}

/// What the queue's lock protects: the groups and totals over them.
struct BatchQueueState<Task: BatchTask> {
    var policy: BatchPolicy
    private var groups: [Task.GroupKey: BatchGroup<Task>] = [:]
    private var nextSequence: UInt64 = 0
    private(set) var taskCount = 0

    /// Rows of all queued tasks; a task without rows counts as one.
    private(set) var rowCount = 0

    /// No queued task has a deadline before this; it may be early, never late.
    private(set) var earliestDeadline: ContinuousClock.Instant?

    var isClosed = false
    var isDraining = false

    init(policy: BatchPolicy) { self.policy = policy }

    /// Groups that stay in the table when they run empty: one key in steady use then allocates nothing per task, and a
    /// client that sends ever new keys leaves nothing behind.
    private static var retainedGroupCount: Int { 4 }

    mutating func append(_ task: Task, rowCount rows: Int, at now: ContinuousClock.Instant) {
        let sequence = nextSequence
        nextSequence += 1
        taskCount += 1
        rowCount += rows
        let deadline = task.deadline
        if let deadline { earliestDeadline = min(earliestDeadline ?? deadline, deadline) }
        groups[task.groupKey, default: BatchGroup()]
            .append(task, rowCount: rows, deadline: deadline, sequence: sequence, at: now)
    }

    /// Among the groups that may run the one with the oldest task; without any, when the first one may.
    func nextGroup(
        maxBatchSize: Int, timeout: Duration, at now: ContinuousClock.Instant
    ) -> NextGroup<Task.GroupKey> {
        var oldest: (sequence: UInt64, key: Task.GroupKey)?
        var earliest: ContinuousClock.Instant?
        for (key, group) in groups {
            guard let sequence = group.oldestSequence else { continue }
            if let instant = group.runnableInstant(maxBatchSize: maxBatchSize, timeout: timeout), instant > now {
                earliest = min(earliest ?? instant, instant)
            } else if sequence < oldest?.sequence ?? .max {
                oldest = (sequence, key)
            }
        }
        if let oldest { return .runnable(oldest.key) }
        return earliest.map(NextGroup.later) ?? .none
    }

    mutating func takeBatch(of key: Task.GroupKey, maxBatchSize: Int, dropped: inout [Task]) -> [Task] {
        update(key) { $0.takeBatch(maxBatchSize: maxBatchSize, dropped: &dropped) } ?? []
    }

    mutating func removeExpired(at now: ContinuousClock.Instant) -> [Task] {
        guard let earliestDeadline, earliestDeadline <= now else { return [] }
        var expired: [Task] = []
        var remaining: ContinuousClock.Instant?
        for key in Array(groups.keys) {
            guard let deadline = update(key, { $0.removeExpired(at: now, to: &expired) }) ?? nil else { continue }
            remaining = min(remaining ?? deadline, deadline)
        }
        self.earliestDeadline = remaining
        return expired
    }

    mutating func removeAbandoned() -> [Task] {
        guard taskCount > 0 else { return [] }
        var abandoned: [Task] = []
        for key in Array(groups.keys) { update(key) { $0.removeAbandoned(to: &abandoned) } }
        return abandoned
    }

    mutating func removeAll() -> [Task] {
        var all: [(sequence: UInt64, task: Task)] = []
        for key in Array(groups.keys) {
            all += update(key) { $0.removeAll() } ?? []
        }
        earliestDeadline = nil
        groups = [:]
        return all.sorted { $0.sequence < $1.sequence }.map(\.task)
    }

    /// Changes one group in place, keeps the totals true, and drops the group when it ran empty beside others.
    @discardableResult
    private mutating func update<Result>(
        _ key: Task.GroupKey, _ change: (inout BatchGroup<Task>) -> Result
    ) -> Result? {
        guard let index = groups.index(forKey: key) else { return nil }
        let (tasksBefore, rowsBefore) = (groups.values[index].taskCount, groups.values[index].rowCount)
        let result = change(&groups.values[index])
        taskCount -= tasksBefore - groups.values[index].taskCount
        rowCount -= rowsBefore - groups.values[index].rowCount
        if groups.values[index].isEmpty, groups.count > Self.retainedGroupCount { groups.remove(at: index) }
        return result
    }
}
