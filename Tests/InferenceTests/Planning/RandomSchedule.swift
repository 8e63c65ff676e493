import GraphIR
import Tensors

@testable import Inference

/// Nodes with random sizes, views, permissions, scratch and outputs, for memory plans.
struct RandomSchedule {
    private(set) var nodes: [Node] = []
    private(set) var compiled: [CompiledOperator] = []
    private(set) var byteCounts: [Int] = []
    let inputs: [ValueID]
    private(set) var outputs: [ValueID] = []
    private var random: SeededRandom

    init(seed: Int) {
        random = SeededRandom(seed)
        inputs = [ValueID(0), ValueID(1)]
        byteCounts = [randomByteCount(), randomByteCount()]
        for _ in 0..<(1 + random.below(40)) { addNode() }
        for _ in 0..<(1 + random.below(4)) { outputs.append(randomValue()) }
    }

    var lifetimes: Lifetimes {
        var lifetimes = Lifetimes(valueCount: byteCounts.count, nodes: nodes, compiled: compiled, outputs: outputs)
        lifetimes.lendInputs(inputs)
        lifetimes.reuseInPlace { byteCounts[$0.index] }
        return lifetimes
    }

    func memoryPlan(_ lifetimes: Lifetimes, limit: Int = 1 << 30) throws(MemoryRefusal) -> MemoryPlan {
        try MemoryPlan(lifetimes: lifetimes, scratch: compiled.map(\.scratchByteCount), limit: limit) { byteCounts[$0.index] }
    }

    private mutating func randomByteCount() -> Int { random.pick([0, 1, 4, 63, 64, 65, 256, 256, 256, random.below(5000)]) }

    /// Mostly a recent one, so that values end.
    private mutating func randomValue() -> ValueID {
        ValueID(random.chance(70) ? byteCounts.count - 1 - random.below(min(4, byteCounts.count)) : random.below(byteCounts.count))
    }

    private mutating func addNode() {
        var read: [ValueID?] = []
        for _ in 0..<(1 + random.below(3)) { read.append(random.chance(10) ? nil : randomValue()) }
        let isView = read[0] != nil && random.chance(25)
        var made: [ValueID] = []
        for _ in 0..<(isView ? 1 : 1 + random.below(3)) {
            made.append(ValueID(byteCounts.count))
            let equal = read.compactMap(\.self).first.map { byteCounts[$0.index] }
            byteCounts.append(isView || random.chance(60) ? equal ?? randomByteCount() : randomByteCount())
        }
        nodes.append(Node(name: "n\(nodes.count)", op: FakeCheck(), inputs: read, outputs: made))
        compiled.append(isView ? .view(of: 0) : kernel(inputCount: read.count, outputCount: made.count))
    }

    private mutating func kernel(inputCount: Int, outputCount: Int) -> CompiledOperator {
        var permissions: [InPlace] = []
        for output in 0..<outputCount {
            for input in 0..<inputCount where random.chance(50) { permissions.append(InPlace(output: output, input: input)) }
        }
        return .fake(scratchByteCount: random.chance(30) ? random.below(3000) : 0, inPlace: permissions) { _ in }
    }
}
