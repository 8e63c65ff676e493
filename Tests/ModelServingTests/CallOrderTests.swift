import Batching
import Dispatch
import ServableCore
import Synchronization
import Tensors
import Testing

@testable import ModelServing

/// Which calls run, in which order and together with which others.
@Suite struct CallOrderTests {
    private static func row(_ value: Float) -> Tensor { Tensor([value, value], shape: [1, 2]) }

    /// Submits calls while the only lane is busy, and gives the first element of each result in the order in which they came.
    private static func order(_ bench: Bench, _ calls: [(value: Float, priority: CallPriority)]) -> [Float] {
        let order = Mutex<[Float]>([]), group = DispatchGroup()
        _ = bench.withBusyLane { _ in
            for call in calls {
                group.enter()
                bench.submit([row(call.value)], priority: call.priority) { result in
                    if case .success(let outputs) = result { order.withLock { $0.append(outputs[0].values(Float.self)[0] / 2) } }
                    group.leave()
                }
            }
        }
        group.wait()
        return order.withLock { $0 }
    }

    @Test("calls of high priority run before those of low priority, which have come earlier")
    func priorities() throws {
        let bench = try Bench(Networks.double, policy: BatchPolicy(maxBatchSize: 1), lanes: 1)
        #expect(Self.order(bench, [(1, .low), (2, .low), (3, .high), (4, .high)]) == [3, 4, 1, 2])
    }

    @Test("each priority has a bound of its own: what waits of low priority takes no place from high priority")
    func bounds() throws {
        let bench = try Bench(Networks.double, policy: BatchPolicy(maxBatchSize: 1, maxQueuedBatches: 2), lanes: 1)
        let codes = Mutex<[StatusCode]>([]), group = DispatchGroup()
        _ = bench.withBusyLane { _ in
            for priority in [.low, .low, .low, .high, .high, .high] as [CallPriority] {
                group.enter()
                bench.submit([Self.row(1)], priority: priority) { result in
                    if case .failure(let error) = result { codes.withLock { $0.append(error.code) } }
                    group.leave()
                }
            }
            #expect(bench.runner.queuedRowCount == 4)
        }
        group.wait()
        #expect(codes.withLock { $0 } == [.resourceExhausted, .resourceExhausted])
    }

    @Test("batching that is changed holds for calls that wait")
    func changed() async throws {
        let bench = try Bench(Networks.double, policy: BatchPolicy(maxBatchSize: 8, timeout: .seconds(3600)))
        #expect(bench.runner.sharing == .shared)
        async let waiting = bench.predict([Self.row(1)])
        while bench.runner.queuedRowCount == 0 { await Task.yield() }
        bench.runner.apply(BatchingSettings(isEnabled: false, policy: .standard))
        #expect(try await waiting.get()[0].values(Float.self) == [2, 2])
        #expect(bench.runner.sharing == .alone("batching is off") && !bench.runner.sharesBatches)
        bench.runner.apply(BatchingSettings(policy: .standard))
        #expect(bench.runner.sharing == .shared && bench.runner.sharesBatches)
    }

    @Test("a cheap call runs at once as soon as it need not wait for company any more")
    func becomesInline() async throws {
        let patient = try BatchPolicy(maxBatchSize: 8, timeout: .milliseconds(1))
        let bench = try Bench(Networks.double, policy: patient, rowCost: .nanoseconds(10))
        #expect(bench.runner.inlineRowLimit == 0)
        bench.runner.apply(BatchingSettings(policy: .standard))
        #expect(bench.runner.inlineRowLimit > 0)
    }
}
