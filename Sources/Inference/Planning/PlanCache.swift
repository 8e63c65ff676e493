import Synchronization
import Tensors

/// Plans by input shapes, the least recently used forgotten first.
final class PlanCache: Sendable {
    fileprivate struct Entries {
        var plans: [[TensorSpec]: (plan: Plan, lastUse: UInt64)] = [:]
        var clock: UInt64 = 0
    }

    private let capacity: Int
    private let entries = Mutex(Entries())

    init(capacity: Int) { self.capacity = max(1, capacity) }

    /// The cached plan, or one that `make` compiles. Two threads may compile the same plan at once; one is kept.
    func plan(for specs: [TensorSpec], make: () throws(EngineError) -> Plan) throws(EngineError) -> Plan {
        if let known = known(specs) { return known }
        let made = try make()
        return entries.withLock { entries in
            if let known = entries.find(specs) { return known }
            entries.insert(made, for: specs, capacity: capacity)
            return made
        }
    }

    func known(_ specs: [TensorSpec]) -> Plan? { entries.withLock { $0.find(specs) } }

    var count: Int { entries.withLock { $0.plans.count } }
}

extension PlanCache.Entries {
    fileprivate mutating func find(_ specs: [TensorSpec]) -> Plan? {
        guard let index = plans.index(forKey: specs) else { return nil }
        clock += 1
        plans.values[index].lastUse = clock
        return plans.values[index].plan
    }

    fileprivate mutating func insert(_ plan: Plan, for specs: [TensorSpec], capacity: Int) {
        if plans.count >= capacity, let oldest = plans.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            plans[oldest.key] = nil
        }
        clock += 1
        plans[specs] = (plan, clock)
    }
}
