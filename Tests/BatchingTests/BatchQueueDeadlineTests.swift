import Batching
import Testing

@Suite("Batch queue: deadlines and cancellation")
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
        let ticket = try queue.submit(TestTask(id: 0, deadline: TestTime.at(20)), at: TestTime.at(0))
        try queue.submit(TestTask(id: 1), at: TestTime.at(1))
        #expect(queue.cancel(ticket)?.id == 0)
        let take = queue.takeBatch(now: TestTime.at(20))
        #expect(take.dropped.isEmpty)
        #expect(take.wakeInstant == TestTime.at(51))
    }

    @Test("expired tasks can be taken while no worker is free")
    func takesExpiredAlone() throws {
        let queue = BatchQueue<TestTask>(policy: .standard)
        try queue.submit(TestTask(id: 0, rowCount: 5, deadline: TestTime.at(10)), at: TestTime.at(0))
        try queue.submit(TestTask(id: 1), at: TestTime.at(0))
        #expect(queue.takeExpired(now: TestTime.at(9)).isEmpty)
        #expect(queue.takeExpired(now: TestTime.at(10)).map(\.id) == [0])
        #expect(queue.queuedRowCount == 1)
        #expect(queue.queuedTaskCount == 1)
    }

    @Test("a cancelled task leaves once and the others keep their order")
    func cancels() throws {
        let queue = BatchQueue<TestTask>(policy: .standard)
        let tickets = try (0..<5).map { id in
            try queue.submit(TestTask(id: id, groupKey: id == 3 ? "b" : "a"), at: TestTime.at(id))
        }
        #expect(queue.cancel(tickets[2])?.id == 2)
        #expect(queue.cancel(tickets[3])?.id == 3)
        #expect(queue.cancel(tickets[2]) == nil)
        #expect(queue.queuedTaskCount == 3)
        #expect(queue.takeBatch(now: TestTime.at(9)).batch?.map(\.id) == [0, 1, 4])
        #expect(queue.cancel(tickets[0]) == nil)
    }
}
