import Foundation
import GraphIR
import Inference
import Operators
import Tensors
import Testing

/// Random networks computed in every way there is. `APUS_RANDOM_GRAPHS` says how many.
@Suite("Random networks")
struct RandomNetworkTests {
    private static let count = ProcessInfo.processInfo.environment["APUS_RANDOM_GRAPHS"].flatMap { Int($0) } ?? 300

    @Test("give the same with and without passes, on every level", arguments: 0..<max(count, 1))
    func agree(seed: Int) throws {
        let network = RandomNetwork(seed: seed), source = network.source
        let inputs = network.contents(seed: seed + 1_000_000), others = network.contents(seed: seed + 2_000_000)
        let reference = try Self.engine(source, level: "portable", isOptimized: false)
        let expected = try [reference.run(inputs), reference.run(others)]
        for configuration in EngineConfiguration.all {
            let engine = try Self.engine(source, level: configuration.level, isOptimized: configuration.isOptimized)
            for (contents, wanted) in zip([inputs, others], expected) {
                let found = try engine.run(contents)
                #expect(found.count == wanted.count)
                for (index, (a, b)) in zip(found, wanted).enumerated() {
                    let problem = Self.difference(a, b)
                    #expect(problem == nil, "output \(index), \(configuration.testDescription)")
                }
            }
        }
    }

    @Test("have the shapes that they are made for, and numbers within their bounds", arguments: 0..<100)
    func bounds(seed: Int) throws {
        let network = RandomNetwork(seed: seed)
        var source = network.source
        let made = network.values.dropFirst(source.inputs.count)
        source.outputs = made.map { SourceValue(name: $0.name, type: nil as ValueType?) }
        let engine = try Self.engine(source, level: "portable", isOptimized: false)
        for (value, result) in zip(made, try engine.run(network.contents(seed: seed))) {
            #expect(result.shape == Shape(value.shape), "\(value.name)")
            let largest = result.values(Float.self).map { abs($0) }.max() ?? 0
            #expect(Double(largest) <= value.bound + 1e-3, "\(value.name)")
        }
    }

    @Test("hold every kind of step, and give passes something to do")
    func coverage() throws {
        var names: Set<String> = [], removed = 0
        for seed in 0..<300 {
            let source = RandomNetwork(seed: seed).source
            names.formUnion(source.nodes.map(\.operatorName))
            let plain = try Self.engine(source, level: "portable", isOptimized: false)
            let optimized = try Self.engine(source, level: "portable", isOptimized: true)
            if optimized.graph.nodes.count < plain.graph.nodes.count { removed += 1 }
        }
        #expect(names.count >= 60, "\(names.sorted())")
        #expect(removed > 50)
    }

    private static func engine(_ source: SourceGraph, level: String, isOptimized: Bool) throws -> Engine {
        try Engine(
            source, catalog: StandardOperators.catalog, passes: isOptimized ? StandardOperators.passes : [],
            state: ModelState(kernels: try InstructionSet.named(level).kernels))
    }

    /// What is wrong with `found`; nil when nothing is.
    private static func difference(_ found: Tensor, _ wanted: Tensor) -> String? {
        guard found.spec == wanted.spec else { return "is \(found.spec), expected \(wanted.spec)" }
        let a = found.values(Float.self), b = wanted.values(Float.self)
        let size = max(1, b.map { abs($0) }.max() ?? 0)
        for (place, (x, y)) in zip(a, b).enumerated() where !(abs(x - y) <= 2e-3 * size) {
            return "element \(place) is \(x), expected \(y)"
        }
        return nil
    }
}
