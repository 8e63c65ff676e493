import Batching
import Synchronization
import Testing

@Suite("Batch queue: many threads")
struct BatchQueueStressTests {
    /// What became of the tasks of one run, counted by task.
    final class Ledger: Sendable {
        let producersLeft: Atomic<Int>
        private let counts: Mutex<[Int]>

        init(taskCount: Int, producerCount: Int) {
            producersLeft = Atomic(producerCount)
            counts = Mutex(Array(repeating: 0, count: taskCount))
        }

        func record(_ tasks: [TestTask]) {
            counts.withLock { counts in
                for task in tasks { counts[task.id] += 1 }
            }
        }

        var everyTaskLeftOnce: Bool { counts.withLock { $0.allSatisfy { $0 == 1 } } }
    }

    @Test("loses and duplicates nothing while producers, workers, clients that leave and expiry meet")
    func everyTaskLeavesOnce() async throws {
        let producerCount = 4
        let tasksPerProducer = 5_000
        let ledger = Ledger(taskCount: producerCount * tasksPerProducer, producerCount: producerCount)
        let queue = BatchQueue<TestTask>(policy: try BatchPolicy(maxBatchSize: 8, maxQueuedBatches: 16))

        await withTaskGroup(of: Void.self) { group in
            for producer in 0..<producerCount {
                group.addTask {
                    for index in 0..<tasksPerProducer {
                        Self.submit(producer * tasksPerProducer + index, to: queue, ledger)
                    }
                    ledger.producersLeft.subtract(1, ordering: .releasing)
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    while await Self.work(queue, ledger) || ledger.producersLeft.load(ordering: .acquiring) > 0 {}
                }
            }
        }
        ledger.record(queue.close())
        #expect(ledger.everyTaskLeftOnce)
        #expect(queue.queuedRowCount == 0)
        #expect(queue.queuedTaskCount == 0)
    }

    /// Submits one task; the client of one in seven leaves at once, one in five has expired already, refused ones are recorded here.
    private static func submit(_ id: Int, to queue: BatchQueue<TestTask>, _ ledger: Ledger) {
        let client = TestClient()
        let task = TestTask(
            id: id, rowCount: id % 11, deadline: id % 5 == 0 ? TestTime.at(-1) : nil, groupKey: "key \(id % 3)", client: client)
        do throws(BatchRefusal) {
            try queue.submit(task)
            guard id % 7 == 0 else { return }
            client.leave()
            ledger.record(queue.takeDropped(now: .now))
        } catch {
            ledger.record([task])
        }
    }

    /// Takes one batch and checks its promises; false when the queue was empty.
    private static func work(_ queue: BatchQueue<TestTask>, _ ledger: Ledger) async -> Bool {
        let take = queue.takeBatch(now: .now)
        ledger.record(take.dropped)
        guard let batch = take.batch else {
            await Task.yield()
            return false
        }
        ledger.record(batch)
        #expect(Set(batch.map(\.groupKey)).count == 1)
        #expect(batch.count == 1 || batch.reduce(0) { $0 + max(1, $1.rowCount) } <= queue.policy.maxBatchSize)
        return true
    }
}
