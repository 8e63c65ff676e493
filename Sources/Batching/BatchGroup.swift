import DequeModule

/// Queued tasks of one group key, oldest first.
struct BatchGroup<Task: BatchTask> {
    private struct Entry {
        let sequence: UInt64
        let task: Task
        let rowCount: Int
        let enqueued: ContinuousClock.Instant
        let deadline: ContinuousClock.Instant?
    }

    /// In the order of submission, hence ascending in `sequence`.
    private var entries = Deque<Entry>()

    /// Sum of the queued tasks' rows.
    private(set) var rowCount = 0

    var isEmpty: Bool { entries.isEmpty }
    var taskCount: Int { entries.count }

    /// Submission order of the oldest task.
    var oldestSequence: UInt64? { entries.first?.sequence }

    mutating func append(
        _ task: Task, rowCount rows: Int, deadline: ContinuousClock.Instant?, sequence: UInt64,
        at now: ContinuousClock.Instant
    ) {
        entries.append(Entry(sequence: sequence, task: task, rowCount: rows, enqueued: now, deadline: deadline))
        rowCount += rows
    }

    /// When the front batch may run: at once (`nil`) when it is full or another task no longer fits, else when the oldest
    /// task has waited for the policy's timeout. With as many rows as a batch holds one of the first two is the case.
    func runnableInstant(maxBatchSize: Int, timeout: Duration) -> ContinuousClock.Instant? {
        guard let oldest = entries.first, rowCount < maxBatchSize else { return nil }
        return oldest.enqueued + timeout
    }

    /// Removes the front batch: the longest run of whole tasks that fits `maxBatchSize`, but at least one task.
    ///
    /// Abandoned tasks among them take no place; they go to `dropped`. Empty when there are no others.
    mutating func takeBatch(maxBatchSize: Int, dropped: inout [Task]) -> [Task] {
        var rows = 0
        var taskCount = 0
        var takenRows = 0
        var takenCount = 0
        while takenCount < entries.count {
            let entry = entries[takenCount]
            if !entry.task.isAbandoned {
                guard taskCount == 0 || rows < maxBatchSize && entry.rowCount <= maxBatchSize - rows else { break }
                rows += entry.rowCount
                taskCount += 1
            }
            takenRows += entry.rowCount
            takenCount += 1
        }
        let taken = entries.prefix(takenCount).map(\.task)
        entries.removeFirst(takenCount)
        rowCount -= takenRows
        guard taskCount < takenCount else { return taken }
        // Asked again, as more may have been abandoned since.
        dropped += taken.filter(\.isAbandoned)
        return taken.filter { !$0.isAbandoned }
    }

    /// Moves tasks whose deadline has passed to `expired` and returns the earliest deadline among those that stay.
    mutating func removeExpired(at now: ContinuousClock.Instant, to expired: inout [Task]) -> ContinuousClock.Instant? {
        var earliest: ContinuousClock.Instant?
        var removedRows = 0
        entries.removeAll { entry in
            guard let deadline = entry.deadline else { return false }
            if deadline <= now {
                expired.append(entry.task)
                removedRows += entry.rowCount
                return true
            }
            earliest = min(earliest ?? deadline, deadline)
            return false
        }
        rowCount -= removedRows
        return earliest
    }

    /// Moves tasks that nobody waits for to `abandoned`.
    mutating func removeAbandoned(to abandoned: inout [Task]) {
        var removedRows = 0
        entries.removeAll { entry in
            guard entry.task.isAbandoned else { return false }
            abandoned.append(entry.task)
            removedRows += entry.rowCount
            return true
        }
        rowCount -= removedRows
    }

    mutating func removeAll() -> [(sequence: UInt64, task: Task)] {
        defer {
            entries.removeAll()
            rowCount = 0
        }
        return entries.map { ($0.sequence, $0.task) }
    }
}
