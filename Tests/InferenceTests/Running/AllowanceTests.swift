import GraphIR
import Tensors
import Testing

@testable import Inference

@Suite struct AllowanceTests {
    private static func ones(_ count: Int) -> Tensor { Tensor([Float](repeating: 1, count: count), shape: [count]) }
    private static let rounds = Tensor([3] as [Int64], shape: [1])

    /// A result that depends on data: by itself, in a branch, in a loop's body.
    enum Place: CaseIterable {
        case top, branch, loop

        var source: SourceGraph {
            let grow = Fakes.node("Positives", ["x"], ["p"])
            let nodes: [SourceNode]
            switch self {
            case .top: nodes = [grow]
            case .branch:
                let branch = Fakes.subgraph(outputs: ["p"], [grow])
                nodes = [Fakes.node("If", ["c"], ["p"], attributes: ["then": branch, "else": branch])]
            case .loop:
                let body = Fakes.subgraph(formals: ["i", "v"], outputs: ["q"], [grow, Fakes.node("Add", ["p", "p"], ["q"])])
                nodes = [Fakes.node("Loop", ["n", "x"], ["p"], attributes: ["body": body])]
            }
            return Fakes.graph(inputs: [("x", Fakes.vector), ("c", Fakes.flag), ("n", Fakes.count)], outputs: ["p"], nodes)
        }
    }

    private static func engine(_ place: Place, limit: Int, _ ledger: CountingLedger) throws -> Engine {
        var limits = EngineLimits()
        limits.maximumDynamicBytes = limit
        return try Engine(place.source, catalog: Fakes.catalog, passes: [], state: ModelState(limits: limits, ledger: ledger))
    }

    @Test("a result over a run's limit is refused with the node's name, and nothing is left", arguments: Place.allCases)
    func overLimit(place: Place) throws {
        let ledger = CountingLedger()
        do {
            let engine = try Self.engine(place, limit: 2000, ledger)
            _ = try engine.run([Self.ones(100), Tensor(scalar: true), Self.rounds])
            let held = ledger.used
            let failure = #expect(throws: EngineError.self) {
                try engine.run([Self.ones(1000), Tensor(scalar: true), Self.rounds])
            }
            let refusal = try #require(failure?.memoryRefusal)
            #expect(refusal.cause == .limit && refusal.byteCount == 4000)
            let node = place == .loop ? "Loop" : "Positives"
            #expect("\(failure!)".hasPrefix("node \"\(node)_p\" (Fake\(node)): needs 4000 bytes"), "\(failure!)")
            #expect(ledger.used == held)
            #expect(try engine.run([Self.ones(100), Tensor(scalar: true), Self.rounds])[0].elementCount == 100)
        }
        #expect(ledger.used == 0 && !ledger.wasOverdrawn)
    }

    @Test("a result over the budget of all is refused as something that passes", arguments: Place.allCases)
    func overBudget(place: Place) throws {
        let ledger = CountingLedger(limit: 1 << 20)
        do {
            let engine = try Self.engine(place, limit: 1 << 30, ledger)
            let large = Self.ones(200_000)
            let failure = #expect(throws: EngineError.self) {
                _ = try engine.run([large, Tensor(scalar: true), Self.rounds])
                try ledger.charge(700_000)
                defer { ledger.credit(700_000) }
                _ = try engine.run([large, Tensor(scalar: true), Self.rounds])
            }
            #expect(failure?.memoryRefusal?.cause == .budget, "\(failure!)")
            #expect(try engine.run([Self.ones(10), Tensor(scalar: true), Self.rounds])[0].elementCount == 10)
        }
        #expect(ledger.used == 0 && !ledger.wasOverdrawn)
    }

    @Test("memory for a run that the ledger refuses in its middle leaves the workspace usable")
    func arenaRefused() throws {
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector)], outputs: ["b"],
            [Fakes.node("Positives", ["x"], ["p"]), Fakes.node("Add", ["p", "p"], ["a"]), Fakes.node("Positives", ["a"], ["b"])])
        let ledger = CountingLedger(limit: 400_000)
        do {
            let engine = try Engine(source, catalog: Fakes.catalog, passes: [], state: ModelState(ledger: ledger))
            let workspace = Workspace(ledger: ledger)
            func run(_ count: Int) throws -> Int? {
                let x = Self.ones(count)
                return try withExtendedLifetime(x) {
                    try engine.run([.dense(x.view)], in: workspace) { outputs in outputs.dense(0)?.elementCount }
                }
            }
            #expect(try run(100) == 100)
            for count in [60_000, 90_000] {
                let failure = #expect(throws: EngineError.self) { try run(count) }
                #expect(failure?.memoryRefusal?.cause == .budget)
            }
            #expect(try run(100) == 100)
            workspace.trim()
            #expect(workspace.byteCount == 0)
        }
        #expect(ledger.used == 0 && !ledger.wasOverdrawn)
    }

    @Test("a view that a dynamic step makes costs its bytes once")
    func viewOnce() throws {
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector), ("s", TensorType(.int64, SymbolicShape([.unknown])))], outputs: ["y"],
            [Fakes.node("Reshape", ["x", "s"], ["y"])])
        var limits = EngineLimits()
        limits.maximumDynamicBytes = 5000
        let engine = try Engine(source, catalog: Fakes.catalog, passes: [], state: ModelState(limits: limits))
        let outputs = try engine.run([Self.ones(1000), Tensor([10, 100] as [Int64], shape: [2])])
        #expect(outputs[0].shape == [10, 100] && outputs[0].values(Float.self) == Self.ones(1000).values(Float.self))
        #expect(throws: EngineError.self) { try engine.run([Self.ones(2000), Tensor([2000] as [Int64], shape: [1])]) }
    }

    @Test("results give their bytes back when they are gone, which may be after the run")
    func givesBack() throws {
        let allowance = MemoryAllowance(byteLimit: 1000)
        var kept: Tensor? = try Tensor(TensorSpec(.float32, [200]), allowance: allowance) { _ in }
        #expect(allowance.usedByteCount == 800)
        #expect(throws: MemoryRefusal.self) { try Tensor(TensorSpec(.float32, [51]), allowance: allowance) { _ in } }
        #expect(allowance.usedByteCount == 800)
        #expect(kept?.elementCount == 200)
        kept = nil
        #expect(allowance.usedByteCount == 0)
    }

    @Test("sums past the largest integer are refused, and what a ledger refuses is not counted")
    func sums() throws {
        let unlimited = MemoryAllowance(byteLimit: .max)
        try unlimited.charge(.max - 10)
        #expect(throws: MemoryRefusal(.limit, byteCount: .max, available: 10)) { try unlimited.charge(.max) }
        #expect(throws: MemoryRefusal.self) { try unlimited.charge(11) }
        try unlimited.charge(10)
        try unlimited.charge(0)
        unlimited.credit(.max)
        #expect(unlimited.usedByteCount == 0)
        let ledger = CountingLedger(limit: 100)
        let under = MemoryAllowance(byteLimit: 1000, ledger: ledger)
        #expect(throws: MemoryRefusal(.budget, byteCount: 101, available: 100)) { try under.charge(101) }
        #expect(under.usedByteCount == 0 && ledger.used == 0)
        try under.charge(100)
        under.credit(100)
        #expect(under.usedByteCount == 0 && ledger.used == 0)
    }

    /// Counts that are over the limit only together with those of a thread that is refused must be given.
    @Test("charges from many threads are given up to the limit, exactly")
    func threads() async {
        for limit in [1 << 20, Int.max] {
            let piece = limit / 8
            let allowance = MemoryAllowance(byteLimit: limit)
            let given = await withTaskGroup(of: Int.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        (0..<200).count { _ in (try? allowance.charge(piece)) != nil }
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(given == 8)
            #expect(allowance.usedByteCount == piece * 8)
        }
    }
}
