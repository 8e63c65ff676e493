import AllocationCounter
import GraphIR
import Tensors
import Testing

@testable import Inference

@Suite struct MemoryPlanTests {
    @Test("values that live at the same time never overlap, whatever the graph", arguments: 0..<20)
    func noOverlap(seed: Int) throws {
        var state = UInt64(seed) &* 977 &+ 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        // A random graph of additions over values of one size, each reading two earlier ones.
        var nodes: [SourceNode] = []
        for index in 2..<40 {
            nodes.append(Fakes.node("Add", ["v\(random(index))", "v\(random(index))"], ["v\(index)"]))
        }
        let source = Fakes.graph(inputs: [("v0", Fakes.vector), ("v1", Fakes.vector)], outputs: ["v39", "v\(random(39))", "v20"], nodes)
        var expected: [Float] = [1, 2]
        for node in nodes { expected.append(node.inputs.map { expected[Int($0.dropFirst())!] }.reduce(0, +)) }
        let engine = try Engine(source, catalog: Fakes.catalog, passes: [DeadNodes()])
        let one = Tensor([1, 1] as [Float], shape: [2]), two = Tensor([2, 2] as [Float], shape: [2])
        let outputs = try engine.run([one, two])
        for (output, name) in zip(outputs, source.outputs.map(\.name)) {
            #expect(output.values(Float.self)[1] == expected[Int(name.dropFirst())!])
        }
    }

    @Test("a run allocates nothing after the first one of its shape")
    func runsWithoutAllocation() throws {
        let engine = try EngineTests.engine(EngineTests.chain)
        let plan = try engine.plan(for: [EngineTests.x.spec, EngineTests.y.spec])
        try engine.withSession(plan) { session in
            session.bind(input: 0, to: EngineTests.x.view.baseAddress)
            session.bind(input: 1, to: EngineTests.y.view.baseAddress)
            try session.run()
            let before = apus_allocation_count()
            for _ in 0..<100 { try session.run() }
            #expect(apus_allocation_count() == before)
            #expect(session.output(0).values(Float.self) == [43, 74, 129])
        }
    }
}
