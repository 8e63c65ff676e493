import GraphIR
import Tensors
import Testing

@testable import Inference

@Suite struct PlanCacheTests {
    /// A plan of nothing but steps.
    private static func plan(_ spec: TensorSpec, steps: Int = 1, constantByteCount: Int = 0) -> Plan {
        let note = Plan.StepNote(node: "n", operatorName: "op", inputs: [], outputs: [], outputSpecs: [], scratchByteCount: 0)
        return Plan(
            inputs: [spec], kernels: (0..<steps).map { _ in (FakeKernel { _ in }, note, 0) }, arenaByteCount: 0, keptByteCount: 0,
            outputs: [], constantByteCount: constantByteCount)
    }

    private static func spec(_ extent: Int) -> TensorSpec { TensorSpec(.float32, [extent]) }

    private static func cache(plans: Int = 64, bytes: Int = 1 << 20, _ allowance: MemoryAllowance) -> PlanCache {
        var limits = EngineLimits()
        limits.maximumPlans = plans
        limits.maximumPlanBytes = bytes
        return PlanCache(limits: limits, allowance: allowance)
    }

    private static func add(_ extents: [Int], to cache: PlanCache, constantByteCount: Int = 0) throws(PlanningFault) {
        for extent in extents {
            _ = try cache.plan(for: PlanKey([spec(extent)])) { () throws(PlanningFault) in
                plan(spec(extent), constantByteCount: constantByteCount)
            }
        }
    }

    @Test("keeps so many plans, and forgets the one that was used least recently")
    func count() throws {
        let allowance = MemoryAllowance(byteLimit: .max)
        do {
            let cache = Self.cache(plans: 3, allowance)
            try Self.add([1, 2, 3], to: cache)
            #expect(cache.known(Self.spec(1)) != nil)
            try Self.add([4], to: cache)
            #expect([1, 2, 3, 4].filter { cache.known(Self.spec($0)) != nil } == [1, 3, 4])
            #expect(cache.count == 3)
            #expect(allowance.usedByteCount == 3 * Self.plan(Self.spec(1)).tableByteCount)
        }
        #expect(allowance.usedByteCount == 0)
    }

    @Test("keeps so many bytes, constants of plans included, and at least the newest plan")
    func bytes() throws {
        let allowance = MemoryAllowance(byteLimit: .max)
        let cache = Self.cache(bytes: 10_000, allowance)
        try Self.add([1, 2, 3, 4], to: cache, constantByteCount: 3000)
        #expect(cache.count == 2)
        #expect(cache.byteCount <= 10_000)
        try Self.add([5], to: cache, constantByteCount: 100_000)
        #expect(cache.count == 1 && cache.known(Self.spec(5)) != nil)
        try Self.add([6], to: cache)
        #expect(cache.count == 1 && cache.known(Self.spec(6)) != nil)
        #expect(cache.byteCount == allowance.usedByteCount)
    }

    @Test("no plan at all still keeps one")
    func zero() throws {
        let cache = Self.cache(plans: 0, bytes: 0, MemoryAllowance(byteLimit: .max))
        try Self.add([1, 2], to: cache)
        #expect(cache.count == 1)
    }

    @Test("gives up older plans when the budget has no bytes left, and is refused with the inputs named when none is left")
    func budget() throws {
        let table = Self.plan(Self.spec(1)).tableByteCount
        let ledger = CountingLedger(limit: 2 * table)
        let allowance = MemoryAllowance(byteLimit: .max, ledger: ledger)
        do {
            let cache = Self.cache(allowance)
            try Self.add([1, 2, 3], to: cache)
            #expect(cache.count == 2 && cache.known(Self.spec(1)) == nil)
            let fault = #expect(throws: PlanningFault.self) {
                _ = try cache.plan(for: PlanKey([Self.spec(9)])) { () throws(PlanningFault) in Self.plan(Self.spec(9), steps: 3) }
            }
            guard case .failed(let error)? = fault else {
                Issue.record("ended with \(String(describing: fault))")
                return
            }
            #expect("\(error)".hasPrefix("a plan for inputs float32[9] needs "), "\(error)")
            #expect(error.memoryRefusal?.cause == .budget)
            #expect(cache.count == 0 && cache.byteCount == 0 && ledger.used == 0)
            try Self.add([1], to: cache)
        }
        #expect(ledger.used == 0 && !ledger.wasOverdrawn)
    }

    @Test("keeps nothing of what could not be planned")
    func failure() throws {
        let cache = Self.cache(MemoryAllowance(byteLimit: .max))
        for _ in 0..<2 {
            #expect(throws: PlanningFault.self) {
                _ = try cache.plan(for: PlanKey([Self.spec(1)])) { () throws(PlanningFault) in throw .failed(.invalidGraph("no")) }
            }
        }
        try Self.add([1], to: cache)
        #expect(cache.count == 1)
    }

    @Test("contents that are part of the key tell plans apart, by their bytes")
    func contents() throws {
        let cache = Self.cache(MemoryAllowance(byteLimit: .max))
        func planned(_ contents: Tensor?) throws(PlanningFault) -> Plan {
            let spec = TensorSpec(.int64, [2])
            return try cache.plan(for: PlanKey([spec], contents: [contents])) { () throws(PlanningFault) in Self.plan(spec) }
        }
        let first = try planned(Tensor([1, 2] as [Int64], shape: [2]))
        #expect(try planned(Tensor([1, 2] as [Int64], shape: [2])) === first)
        #expect(try planned(Tensor([1, 3] as [Int64], shape: [2])) !== first)
        #expect(try planned(nil) !== first)
        #expect(cache.count == 3)
    }

    @Test("threads that meet a new shape at once make one plan")
    func together() async throws {
        for _ in 0..<20 {
            let cache = Self.cache(MemoryAllowance(byteLimit: .max))
            let made = Record()
            let plans = try await withThrowingTaskGroup(of: Plan.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try cache.plan(for: PlanKey([Self.spec(1)])) { () throws(PlanningFault) in
                            made.write("a plan")
                            return Self.plan(Self.spec(1))
                        }
                    }
                }
                return try await group.reduce(into: [Plan]()) { $0.append($1) }
            }
            #expect(made.written.count == 1)
            #expect(plans.allSatisfy { $0 === plans[0] })
        }
    }
}
