import Synchronization
import Tensors

/// What a plan is made for: the types of a region's inputs, and the contents of those that shapes are computed from.
struct PlanKey: Sendable {
    let specs: [TensorSpec]
    /// nil for every input whose contents do not matter.
    let contents: [Tensor?]

    init(_ specs: [TensorSpec], contents: [Tensor?]? = nil) {
        self.specs = specs
        self.contents = contents ?? Array(repeating: nil, count: specs.count)
    }

    fileprivate func agrees(_ other: PlanKey) -> Bool {
        specs == other.specs && zip(contents, other.contents).allSatisfy(Self.agree)
    }

    private static func agree(_ left: Tensor?, _ right: Tensor?) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        return left.hasEqualContents(right)
    }
}

/// Plans by input shapes, bounded by number and by bytes, the least recently used forgotten first.
final class PlanCache: Sendable {
    fileprivate struct Entries {
        /// Few and in no order: comparing shapes takes less time than hashing one.
        var plans: [Entry] = []
        var byteCount = 0
        var clock: UInt64 = 0
    }

    fileprivate struct Entry {
        let key: PlanKey
        let plan: Plan
        var lastUse: UInt64
    }

    private let limits: EngineLimits
    private let allowance: MemoryAllowance
    private let entries = Mutex(Entries())
    /// Held while a plan is made, so that threads that meet a new shape at once make one plan.
    private let making = Mutex(())

    /// - Parameter allowance: charged with the plans' tables; constants are charged as they are made.
    init(limits: EngineLimits, allowance: MemoryAllowance) {
        self.limits = limits
        self.allowance = allowance
    }

    deinit { allowance.credit(entries.withLock { $0.plans.reduce(0) { $0 + $1.plan.tableByteCount } }) }

    /// The cached plan, or one that `make` makes.
    func plan(for key: PlanKey, make: () throws(PlanningFault) -> Plan) throws(PlanningFault) -> Plan {
        if let known = known(key) { return known }
        return try making.withLock { _ throws(PlanningFault) in
            if let known = known(key) { return known }
            let made = try make()
            do throws(MemoryRefusal) {
                try insert(made, for: key)
            } catch {
                throw .failed(.memory(what: "a plan for inputs \(key.specs.map(\.description).joined(separator: ", "))", error))
            }
            return made
        }
    }

    func known(_ key: PlanKey) -> Plan? { entries.withLock { $0.find { $0.agrees(key) } } }

    /// The cached plan for inputs of these types, none of whose contents matter.
    func known(_ specs: [TensorSpec]) -> Plan? { entries.withLock { entries in entries.find { $0.specs == specs } } }

    /// The cached plan for a single input whose contents do not matter.
    func known(_ spec: TensorSpec) -> Plan? {
        entries.withLock { entries in entries.find { $0.specs.count == 1 && $0.specs[0] == spec } }
    }

    var count: Int { entries.withLock { $0.plans.count } }
    var byteCount: Int { entries.withLock { $0.byteCount } }

    private func insert(_ plan: Plan, for key: PlanKey) throws(MemoryRefusal) {
        try entries.withLock { entries throws(MemoryRefusal) in
            while entries.plans.count >= max(1, limits.maximumPlans)
                || !entries.plans.isEmpty && entries.byteCount + plan.byteCount > limits.maximumPlanBytes
            {
                allowance.credit(entries.removeOldest())
            }
            while true {
                do throws(MemoryRefusal) {
                    try allowance.charge(plan.tableByteCount)
                    break
                } catch {
                    guard !entries.plans.isEmpty else { throw error }
                    allowance.credit(entries.removeOldest())
                }
            }
            entries.add(key, plan)
        }
    }
}

extension PlanCache.Entries {
    @inline(__always)
    fileprivate mutating func find(_ isMeant: (PlanKey) -> Bool) -> Plan? {
        guard let index = plans.firstIndex(where: { isMeant($0.key) }) else { return nil }
        clock += 1
        plans[index].lastUse = clock
        return plans[index].plan
    }

    /// - Returns: the bytes of the tables of what was removed.
    fileprivate mutating func removeOldest() -> Int {
        guard let oldest = plans.indices.min(by: { plans[$0].lastUse < plans[$1].lastUse }) else { return 0 }
        let removed = plans.remove(at: oldest).plan
        byteCount -= removed.byteCount
        return removed.tableByteCount
    }

    fileprivate mutating func add(_ key: PlanKey, _ plan: Plan) {
        clock += 1
        byteCount += plan.byteCount
        plans.append(PlanCache.Entry(key: key, plan: plan, lastUse: clock))
    }
}
