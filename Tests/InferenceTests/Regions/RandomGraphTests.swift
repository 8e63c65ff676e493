import GraphIR
import Tensors
import Testing

@testable import Inference

/// Engines against an interpreter that shares nothing with them.
@Suite struct RandomGraphTests {
    private static func tensor(_ shape: Shape, _ random: inout SeededRandom) -> Tensor {
        Tensor((0..<shape.elementCount).map { _ in Float(random.below(9) - 4) }, shape: shape)
    }

    private static func inputs(_ random: inout SeededRandom) -> [Tensor] {
        [
            tensor([random.below(4), random.below(4)], &random),
            tensor(Shape((0..<random.below(4)).map { _ in random.below(4) }), &random),
        ]
    }

    /// Runs in `workspace` and copies the outputs.
    private static func run(_ engine: Engine, _ inputs: [Tensor], in workspace: Workspace) throws -> [Interpreter.Value] {
        try withExtendedLifetime(inputs) {
            try engine.run(inputs.map { .dense($0.view) }, in: workspace) { outputs in
                try (0..<outputs.count).map { index in
                    Interpreter.Value(try Tensor(copying: try #require(outputs.dense(index))))
                }
            }
        }
    }

    @Test("every run gives what the nodes mean one by one, with and without passes, for every shape", arguments: 0..<500)
    func agrees(seed: Int) throws {
        var graph = RandomGraph(seed: seed)
        let source = graph.source()
        let ledger = CountingLedger()
        do {
            let plain = try Engine(source, catalog: Fakes.randomCatalog, passes: [], state: ModelState(ledger: ledger))
            let optimised = try Engine(source, catalog: Fakes.randomCatalog, passes: [DeadNodes()], state: ModelState(ledger: ledger))
            // Folds nothing ahead and keeps one plan, so that every other run plans anew.
            var limits = EngineLimits()
            (limits.maximumFoldedBytes, limits.maximumPlans) = (0, 1)
            let tight = try Engine(
                source, catalog: Fakes.randomCatalog, passes: [DeadNodes()], state: ModelState(limits: limits, ledger: ledger))
            let workspace = Workspace(ledger: ledger)
            var random = SeededRandom(seed + 1_000_000)
            var seen: [[Tensor]] = []
            for _ in 0..<6 {
                let inputs = random.chance(40) && !seen.isEmpty ? random.pick(seen) : Self.inputs(&random)
                seen.append(inputs)
                let expected = Interpreter.run(source, ["x": .init(inputs[0]), "y": .init(inputs[1])])
                #expect(try Self.run(plain, inputs, in: workspace) == expected, "without passes")
                #expect(try Self.run(optimised, inputs, in: workspace) == expected, "with passes")
                #expect(try Self.run(tight, inputs, in: workspace) == expected, "within tight limits")
            }
        }
        #expect(ledger.used == 0 && !ledger.wasOverdrawn, "\(ledger.used) bytes are left")
    }

    @Test("one engine serves many threads at once, each in a workspace of its own", arguments: 0..<40)
    func threads(seed: Int) async throws {
        var graph = RandomGraph(seed: seed)
        let source = graph.source()
        let engine = try Engine(source, catalog: Fakes.randomCatalog, passes: [DeadNodes()])
        var random = SeededRandom(seed)
        let examples = (0..<4).map { _ in Self.inputs(&random) }
        let expected = examples.map { Interpreter.run(source, ["x": .init($0[0]), "y": .init($0[1])]) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask { () throws in
                    let workspace = Workspace()
                    for index in 0..<12 {
                        let example = (thread + index) % examples.count
                        let outputs = try Self.run(engine, examples[example], in: workspace)
                        #expect(outputs == expected[example])
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("random graphs meet every kind of stage")
    func coverage() throws {
        var wholes = 0, regions = 0, steps = 0, refined = 0
        for seed in 0..<500 {
            var graph = RandomGraph(seed: seed)
            let engine = try Engine(graph.source(), catalog: Fakes.randomCatalog, passes: [DeadNodes()])
            var random = SeededRandom(seed)
            let wasStatic = engine.isStatic
            _ = try engine.run(Self.inputs(&random))
            wholes += engine.isStatic ? 1 : 0
            refined += wasStatic && !engine.isStatic ? 1 : 0
            for stage in engine.program.stages {
                if case .region = stage { regions += 1 } else { steps += 1 }
            }
        }
        #expect(wholes > 100)
        #expect(regions > 500)
        #expect(steps > 300)
        #expect(refined > 10)
    }
}
