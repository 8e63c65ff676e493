import Batching
import Testing

@Suite("Batch queue: forming batches")
struct BatchQueueTests {
    /// Tasks as (rows, key), submitted one a millisecond from 0; then batches are taken at `at` until none may run.
    struct Forming: Sendable, CustomTestStringConvertible {
        let name: String
        var maxBatchSize = 4
        var timeoutMilliseconds = 0
        let tasks: [(rows: Int, key: String)]
        let at: Int
        let batches: [[Int]]
        /// When the queue asks to be looked at again; `nil`: it is empty.
        var wake: Int?
        var testDescription: String { name }
    }

    static let forming: [Forming] = [
        Forming(name: "an empty queue has nothing to run", tasks: [], at: 0, batches: []),
        Forming(name: "timeout 0 runs what is there", tasks: [(1, "a"), (1, "a")], at: 1, batches: [[0, 1]]),
        Forming(
            name: "a full batch leaves and the rest follows", tasks: Array(repeating: (1, "a"), count: 6), at: 5,
            batches: [[0, 1, 2, 3], [4, 5]]),
        Forming(
            name: "a full batch does not wait for the timeout", timeoutMilliseconds: 50,
            tasks: Array(repeating: (1, "a"), count: 5), at: 5, batches: [[0, 1, 2, 3]], wake: 54),
        Forming(
            name: "an open batch waits until its oldest task has waited long enough", timeoutMilliseconds: 50,
            tasks: [(1, "a"), (1, "a")], at: 49, batches: [], wake: 50),
        Forming(
            name: "the timeout is reached, not passed", timeoutMilliseconds: 50, tasks: [(1, "a"), (1, "a")], at: 50,
            batches: [[0, 1]]),
        Forming(
            name: "a task that does not fit closes the batch and is not split", timeoutMilliseconds: 50,
            tasks: [(3, "a"), (2, "a")], at: 2, batches: [[0]], wake: 51),
        Forming(
            name: "a small task does not overtake a large one of its key", tasks: [(3, "a"), (2, "a"), (1, "a")], at: 3,
            batches: [[0], [1, 2]]),
        Forming(
            name: "a task above the maximum runs alone", timeoutMilliseconds: 50, tasks: [(9, "a"), (1, "a")], at: 2,
            batches: [[0]], wake: 51),
        Forming(
            name: "a task without rows shares a batch and leaves", tasks: [(0, "a"), (1, "a")], at: 2,
            batches: [[0, 1]]),
        Forming(
            name: "keys do not mix and the oldest goes first",
            tasks: [(1, "a"), (1, "b"), (1, "a"), (1, "b"), (1, "c")], at: 5, batches: [[0, 2], [1, 3], [4]]),
        Forming(
            name: "a full batch of one key passes an open batch of another", maxBatchSize: 2, timeoutMilliseconds: 50,
            tasks: [(1, "a"), (1, "b"), (1, "b")], at: 3, batches: [[1, 2]], wake: 50),
    ]

    @Test("forms batches", arguments: forming)
    func forms(_ forming: Forming) throws {
        let policy = try BatchPolicy(
            maxBatchSize: forming.maxBatchSize, timeout: .milliseconds(forming.timeoutMilliseconds))
        let queue = BatchQueue<TestTask>(policy: policy)
        for (id, task) in forming.tasks.enumerated() {
            try queue.submit(TestTask(id: id, rowCount: task.rows, groupKey: task.key), at: TestTime.at(id))
        }
        var batches: [[Int]] = []
        var take = queue.takeBatch(now: TestTime.at(forming.at))
        while let batch = take.batch {
            batches.append(batch.map(\.id))
            take = queue.takeBatch(now: TestTime.at(forming.at))
        }
        #expect(batches == forming.batches)
        #expect(take.wakeInstant == forming.wake.map(TestTime.at))
        #expect(take.isEmpty == (forming.wake == nil))
        #expect(queue.queuedTaskCount == forming.tasks.count - batches.joined().count)
        #expect((queue.queuedRowCount == 0) == (forming.wake == nil))
    }

    @Test("many keys that come and go leave an empty queue behind")
    func manyKeys() throws {
        let queue = BatchQueue<TestTask>(policy: .standard)
        for id in 0..<100 {
            try queue.submit(TestTask(id: id, groupKey: "key \(id)"), at: TestTime.at(id))
        }
        let taken = (0..<100).compactMap { _ in queue.takeBatch(now: TestTime.at(100)).batch?.map(\.id) }
        #expect(taken == (0..<100).map { [$0] })
        #expect(queue.takeBatch(now: TestTime.at(100)).isEmpty)
        #expect(queue.queuedRowCount == 0)
    }
}
