import Synchronization
import Tensors

/// Plans by input shapes, the least recently used forgotten first.
final class PlanCache: Sendable {
    fileprivate struct Entries {
        /// Few and in no order: comparing shapes takes less time than hashing one.
        var plans: [Entry] = []
        var clock: UInt64 = 0
    }

    fileprivate struct Entry {
        let specs: [TensorSpec]
        let plan: Plan
        var lastUse: UInt64
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

    /// The cached plan for a single input.
    func known(_ spec: TensorSpec) -> Plan? {
        entries.withLock { entries in entries.find { $0.count == 1 && $0[0] == spec } }
    }

    var count: Int { entries.withLock { $0.plans.count } }
}

extension PlanCache.Entries {
    fileprivate mutating func find(_ specs: [TensorSpec]) -> Plan? { find { $0 == specs } }

    @inline(__always)
    fileprivate mutating func find(_ isMeant: ([TensorSpec]) -> Bool) -> Plan? {
        guard let index = plans.firstIndex(where: { isMeant($0.specs) }) else { return nil }
        clock += 1
        plans[index].lastUse = clock
        return plans[index].plan
    }

    fileprivate mutating func insert(_ plan: Plan, for specs: [TensorSpec], capacity: Int) {
        if plans.count >= capacity, let oldest = plans.indices.min(by: { plans[$0].lastUse < plans[$1].lastUse }) {
            plans.remove(at: oldest)
        }
        clock += 1
        plans.append(PlanCache.Entry(specs: specs, plan: plan, lastUse: clock))
    }
}
