import Batching
import Testing

@Suite("Batch queue: deadlines and drains")
struct BatchQueueDeadlineTests {
    @Test("hands back expired tasks apart from the batch")
    func expiredTasks() throws {
        let queue = BatchQueue<TestTask>(policy: .standard)
        try queue.submit(TestTask(id: 0, deadline: TestTime.at(10)), at: TestTime.at(0))
        try queue.submit(TestTask(id: 1, deadline: TestTime.at(30)), at: TestTime.at(0))
        try queue.submit(TestTask(id: 2, deadline: TestTime.at(20), groupKey: "b"), at: TestTime.at(0))
        try queue.submit(TestTask(id: 3), at: TestTime.at(0))
        let take = queue.takeBatch(now: TestTime.at(20))
        #expect(take.batch?.map(\.id) == [1, 3])
        #expect(take.dropped.map(\.id).sorted() == [0, 2])
        #expect(queue.takeBatch(now: TestTime.at(20)).isEmpty)
    }

    @Test("asks to be woken for a deadline that comes before the timeout")
    func wakesForDeadline() throws {
        let queue = BatchQueue<TestTask>(policy: try BatchPolicy(maxBatchSize: 4, timeout: .milliseconds(50)))
        try queue.submit(TestTask(id: 0, deadline: TestTime.at(20)), at: TestTime.at(0))
        #expect(queue.takeBatch(now: TestTime.at(5)).wakeInstant == TestTime.at(20))
        let take = queue.takeBatch(now: TestTime.at(20))
        #expect(take.isEmpty)
        #expect(take.dropped.map(\.id) == [0])
    }

    @Test("a deadline of a task that left does not wake for ever")
    func staleDeadline() throws {
        let queue = BatchQueue<TestTask>(policy: try BatchPolicy(maxBatchSize: 4, timeout: .milliseconds(50)))
        let client = TestClient()
        try queue.submit(TestTask(id: 0, deadline: TestTime.at(20), client: client), at: TestTime.at(0))
        try queue.submit(TestTask(id: 1), at: TestTime.at(1))
        client.leave()
        #expect(queue.takeDropped(now: TestTime.at(5)).map(\.id) == [0])
        let take = queue.takeBatch(now: TestTime.at(20))
        #expect(take.dropped.isEmpty)
        #expect(take.wakeInstant == TestTime.at(51))
    }

    @Test("expired and abandoned tasks can be taken while no worker is free, each once")
    func takesDroppedAlone() throws {
        let queue = BatchQueue<TestTask>(policy: .standard)
        let client = TestClient()
        try queue.submit(TestTask(id: 0, rowCount: 5, deadline: TestTime.at(10)), at: TestTime.at(0))
        try queue.submit(TestTask(id: 1), at: TestTime.at(0))
        try queue.submit(TestTask(id: 2, rowCount: 3, groupKey: "b", client: client), at: TestTime.at(0))
        #expect(queue.takeDropped(now: TestTime.at(9)).isEmpty)
        client.leave()
        #expect(queue.takeDropped(now: TestTime.at(9)).map(\.id) == [2])
        #expect(queue.takeDropped(now: TestTime.at(10)).map(\.id) == [0])
        #expect(queue.takeDropped(now: TestTime.at(10)).isEmpty)
        #expect(queue.queuedRowCount == 1)
        #expect(queue.queuedTaskCount == 1)
    }

    @Test("a draining queue makes nobody wait for company, and takes what still comes")
    func drains() throws {
        let queue = BatchQueue<TestTask>(policy: try BatchPolicy(maxBatchSize: 4, timeout: .seconds(20)))
        try queue.submit(TestTask(id: 0), at: TestTime.at(0))
        #expect(queue.takeBatch(now: TestTime.at(1)).wakeInstant == TestTime.at(20_000))
        queue.beginDrain()
        #expect(queue.takeBatch(now: TestTime.at(1)).batch?.map(\.id) == [0])
        try queue.submit(TestTask(id: 1), at: TestTime.at(2))
        #expect(queue.takeBatch(now: TestTime.at(2)).batch?.map(\.id) == [1])
    }
}
