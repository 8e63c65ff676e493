import Batching
import Testing

@Suite("Batch queue: abandoned tasks")
struct BatchQueueAbandonmentTests {
    @Test("take no place in a batch and are handed back apart from it")
    func skipsAbandoned() throws {
        let queue = BatchQueue<TestTask>(policy: try BatchPolicy(maxBatchSize: 3))
        let leaving = TestClient(), staying = TestClient()
        for id in 0..<7 {
            try queue.submit(TestTask(id: id, client: id % 2 == 0 ? leaving : staying), at: TestTime.at(id))
        }
        leaving.leave()
        let take = queue.takeBatch(now: TestTime.at(9))
        #expect(take.batch?.map(\.id) == [1, 3, 5])
        #expect(take.dropped.map(\.id) == [0, 2, 4, 6])
        #expect(queue.queuedRowCount == 0 && queue.queuedTaskCount == 0)
        #expect(queue.takeBatch(now: TestTime.at(9)).isEmpty)
    }

    @Test("that are all of a group let the next group have the turn")
    func skipsGroup() throws {
        let queue = BatchQueue<TestTask>(policy: .standard)
        let leaving = TestClient()
        for id in 0..<3 { try queue.submit(TestTask(id: id, rowCount: 2, groupKey: "gone", client: leaving), at: TestTime.at(0)) }
        try queue.submit(TestTask(id: 3, groupKey: "here"), at: TestTime.at(1))
        leaving.leave()
        let take = queue.takeBatch(now: TestTime.at(1))
        #expect(take.batch?.map(\.id) == [3] && take.dropped.map(\.id) == [0, 1, 2])
        #expect(queue.takeBatch(now: TestTime.at(1)).isEmpty)
    }

    @Test("large ones make room for the tasks behind them")
    func largeTasks() throws {
        let queue = BatchQueue<TestTask>(policy: try BatchPolicy(maxBatchSize: 4))
        let leaving = TestClient()
        try queue.submit(TestTask(id: 0, rowCount: 1), at: TestTime.at(0))
        try queue.submit(TestTask(id: 1, rowCount: 9, client: leaving), at: TestTime.at(0))
        try queue.submit(TestTask(id: 2, rowCount: 3), at: TestTime.at(0))
        try queue.submit(TestTask(id: 3, rowCount: 1), at: TestTime.at(0))
        leaving.leave()
        let take = queue.takeBatch(now: TestTime.at(0))
        #expect(take.batch?.map(\.id) == [0, 2] && take.dropped.map(\.id) == [1])
        #expect(queue.queuedRowCount == 1)
    }

    @Test("whose deadline has passed as well leave once")
    func expiredAndAbandoned() throws {
        let queue = BatchQueue<TestTask>(policy: .standard)
        let leaving = TestClient()
        try queue.submit(TestTask(id: 0, deadline: TestTime.at(5), client: leaving), at: TestTime.at(0))
        leaving.leave()
        #expect(queue.takeBatch(now: TestTime.at(5)).dropped.map(\.id) == [0])
        #expect(queue.takeBatch(now: TestTime.at(5)).dropped.isEmpty)
    }
}
