import AllocationCounter
import GraphIR
import Tensors
import Testing

@testable import Inference

@Suite struct StaticRunTests {
    @Test("a run of a plan allocates nothing after the first one")
    func runsWithoutAllocation() throws {
        let engine = try EngineTests.engine(EngineTests.chain)
        let plan = try #require(try engine.plan(for: [EngineTests.x.spec, EngineTests.y.spec]))
        let workspace = Workspace()
        let addresses = [EngineTests.x.view.baseAddress, EngineTests.y.view.baseAddress]
        try addresses.withUnsafeBufferPointer { addresses in
            func run() throws -> Float {
                try engine.run(plan, over: addresses, in: workspace) { outputs in
                    outputs.dense(0)?.baseAddress.load(as: Float.self) ?? .nan
                }
            }
            #expect(try run() == 43)
            let before = apus_allocation_count()
            var sum: Float = 0
            for _ in 0..<100 { sum += try run() }
            #expect(apus_allocation_count() == before)
            #expect(sum == 4300)
        }
    }

    @Test("finding the plan of known input types allocates nothing")
    func findsWithoutAllocation() throws {
        let engine = try EngineTests.engine(EngineTests.chain)
        let specs = [EngineTests.x.spec, EngineTests.y.spec]
        _ = try engine.plan(for: specs)
        let before = apus_allocation_count()
        for _ in 0..<100 { _ = try engine.plan(for: specs) }
        #expect(apus_allocation_count() == before)
    }

    @Test("one workspace runs plans of any size in turn")
    func changesPlans() throws {
        let workspace = Workspace()
        for length in [1, 200, 3, 500] {
            var nodes: [SourceNode] = []
            for index in 0..<length { nodes.append(Fakes.node("Add", ["v\(index)", "y"], ["v\(index + 1)"])) }
            let source = Fakes.graph(inputs: [("v0", Fakes.vector), ("y", Fakes.vector)], outputs: ["v\(length)"], nodes)
            let engine = try EngineTests.engine(source)
            for count in [1, 40_000, 2] {
                let x = Tensor([Float](repeating: 0, count: count), shape: [count])
                let y = Tensor([Float](repeating: 1, count: count), shape: [count])
                try engine.run([.dense(x.view), .dense(y.view)], in: workspace) { outputs in
                    #expect(outputs.dense(0)?.values(Float.self) == [Float](repeating: Float(length), count: count))
                }
                withExtendedLifetime((x, y)) {}
            }
        }
    }

    @Test("outputs that are inputs, constants or views of them have their own types")
    func passesThrough() throws {
        let constant = Tensor([Float](repeating: 2, count: 300_000), shape: [300_000])
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector)], outputs: ["x", "k", "rx", "rk", "x"],
            initializers: [
                ("k", constant), ("s", Tensor([3, 1] as [Int64], shape: [2])), ("t", Tensor([3, 100_000] as [Int64], shape: [2])),
            ],
            [Fakes.node("Reshape", ["x", "s"], ["rx"]), Fakes.node("Reshape", ["k", "t"], ["rk"])])
        for optimised in [true, false] {
            let outputs = try EngineTests.engine(source, optimised: optimised).run([EngineTests.x])
            #expect(outputs.map(\.shape) == [[3], [300_000], [3, 1], [3, 100_000], [3]])
            #expect(outputs[3].values(Float.self) == constant.values(Float.self))
        }
    }
}
