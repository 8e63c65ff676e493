import Batching
import Testing

@Suite("Batch queue: limits and refusals")
struct BatchQueueLimitTests {
    @Test("refuses rows beyond the bound and takes them again when rows have left")
    func bound() throws {
        let queue = BatchQueue<TestTask>(policy: try BatchPolicy(maxBatchSize: 4, maxQueuedBatches: 2))
        try queue.submit(TestTask(id: 0, rowCount: 3), at: TestTime.at(0))
        try queue.submit(TestTask(id: 1, rowCount: 4), at: TestTime.at(0))
        let refusal = BatchRefusal.queueFull(taskRows: 2, queuedRows: 7, limit: 8)
        #expect(throws: refusal) { try queue.submit(TestTask(id: 2, rowCount: 2), at: TestTime.at(0)) }
        #expect(refusal.description.hasPrefix("The batch scheduling queue to which this task was submitted is full"))
        try queue.submit(TestTask(id: 3, rowCount: 1), at: TestTime.at(0))
        #expect(queue.takeBatch(now: TestTime.at(0)).batch?.map(\.id) == [0])
        try queue.submit(TestTask(id: 4, rowCount: 2), at: TestTime.at(0))
        #expect(queue.queuedRowCount == 7)
    }

    @Test("counts a task without rows against the bound")
    func rowlessTasks() throws {
        let queue = BatchQueue<TestTask>(policy: try BatchPolicy(maxBatchSize: 2, maxQueuedBatches: 1))
        try queue.submit(TestTask(id: 0, rowCount: 0), at: TestTime.at(0))
        try queue.submit(TestTask(id: 1, rowCount: 0), at: TestTime.at(0))
        #expect(throws: BatchRefusal.queueFull(taskRows: 1, queuedRows: 2, limit: 2)) {
            try queue.submit(TestTask(id: 2, rowCount: 0), at: TestTime.at(0))
        }
    }

    /// Two requests of 4,000 rows at once were refused by a queue of 6,400 in which nothing waited.
    @Test("takes a task larger than a batch as long as less than the bound waits", arguments: [5, 9, Int.max / 2])
    func oversizeTasks(rows: Int) throws {
        let queue = BatchQueue<TestTask>(policy: try BatchPolicy(maxBatchSize: 4, maxQueuedBatches: 2))
        try queue.submit(TestTask(id: 0, rowCount: rows), at: TestTime.at(0))
        if rows > 8 {
            #expect(throws: BatchRefusal.queueFull(taskRows: 1, queuedRows: rows, limit: 8)) {
                try queue.submit(TestTask(id: 1), at: TestTime.at(0))
            }
        }
        #expect(queue.takeBatch(now: TestTime.at(0)).batch?.map(\.id) == [0])
        for id in 2..<9 { try queue.submit(TestTask(id: id), at: TestTime.at(0)) }
        try queue.submit(TestTask(id: 9, rowCount: rows), at: TestTime.at(0))
        #expect(throws: BatchRefusal.queueFull(taskRows: rows, queuedRows: rows + 7, limit: 8)) {
            try queue.submit(TestTask(id: 10, rowCount: rows), at: TestTime.at(0))
        }
    }

    @Test("refuses a task above the maximum batch in TensorFlow Serving's words when the policy says so")
    func taskTooLarge() throws {
        let policy = try BatchPolicy(maxBatchSize: 4, allowsOversize: false)
        let queue = BatchQueue<TestTask>(policy: policy)
        let refusal = BatchRefusal.taskTooLarge(rows: 5, maximum: 4)
        #expect(throws: refusal) { try queue.submit(TestTask(id: 0, rowCount: 5), at: TestTime.at(0)) }
        #expect(refusal.description == "Task size 5 is larger than maximum input batch size 4")
        try queue.submit(TestTask(id: 1, rowCount: 4), at: TestTime.at(0))
    }

    @Test("closing answers what waited, in order, and refuses what follows")
    func closing() throws {
        let queue = BatchQueue<TestTask>(policy: .standard)
        for id in 0..<6 {
            try queue.submit(TestTask(id: id, groupKey: id % 2 == 0 ? "a" : "b"), at: TestTime.at(id))
        }
        #expect(queue.close().map(\.id) == [0, 1, 2, 3, 4, 5])
        #expect(queue.isClosed)
        #expect(queue.queuedRowCount == 0)
        #expect(throws: BatchRefusal.closed) { try queue.submit(TestTask(id: 6), at: TestTime.at(6)) }
        #expect(queue.takeBatch(now: TestTime.at(7)).isEmpty)
        #expect(queue.close().isEmpty)
    }

    @Test("another policy holds for what waits, too")
    func replaced() throws {
        let queue = BatchQueue<TestTask>(policy: try BatchPolicy(maxBatchSize: 8, timeout: .seconds(1)))
        for id in 0..<4 { try queue.submit(TestTask(id: id), at: TestTime.at(0)) }
        #expect(queue.takeBatch(now: TestTime.at(1)).wakeInstant == TestTime.at(1000))
        queue.replace(policy: try BatchPolicy(maxBatchSize: 3, maxQueuedBatches: 1))
        #expect(queue.policy.maxBatchSize == 3)
        #expect(throws: BatchRefusal.queueFull(taskRows: 1, queuedRows: 4, limit: 3)) {
            try queue.submit(TestTask(id: 4), at: TestTime.at(1))
        }
        #expect(queue.takeBatch(now: TestTime.at(1)).batch?.map(\.id) == [0, 1, 2])
        #expect(queue.takeBatch(now: TestTime.at(1)).batch?.map(\.id) == [3])
    }

    @Test("a batch has no more rows than its taker wants")
    func rowLimit() throws {
        let queue = BatchQueue<TestTask>(policy: try BatchPolicy(maxBatchSize: 8, timeout: .seconds(1)))
        for id in 0..<5 { try queue.submit(TestTask(id: id), at: TestTime.at(0)) }
        // As many as it wants are there: nothing waits for company.
        #expect(queue.takeBatch(now: TestTime.at(0), rowLimit: 2).batch?.map(\.id) == [0, 1])
        #expect(queue.takeBatch(now: TestTime.at(0), rowLimit: 0).batch?.map(\.id) == [2])
        #expect(queue.takeBatch(now: TestTime.at(0), rowLimit: .max).wakeInstant == TestTime.at(1000))
    }
}
