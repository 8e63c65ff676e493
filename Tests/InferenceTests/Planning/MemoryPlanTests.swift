import GraphIR
import Tensors
import Testing

@testable import Inference

@Suite struct MemoryPlanTests {
    @Test("nothing is written over what is still read, whatever the graph", arguments: 0..<400)
    func noOverlap(seed: Int) throws {
        let schedule = RandomSchedule(seed: seed)
        let lifetimes = schedule.lifetimes
        let memory = try schedule.memoryPlan(lifetimes)
        #expect(memory.byteCount % MemoryPlan.alignment == 0)
        #expect(memory.keptByteCount <= memory.byteCount)
        var arena = ShadowArena(schedule, lifetimes, memory)
        arena.run()
    }

    @Test("random graphs meet every way to share memory")
    func coverage() {
        var views = 0, inPlace = 0, scratch = 0
        for seed in 0..<400 {
            let schedule = RandomSchedule(seed: seed), lifetimes = schedule.lifetimes
            for (step, node) in schedule.nodes.enumerated() {
                if case .view = schedule.compiled[step].body {
                    views += 1
                } else {
                    inPlace += node.outputs.count { lifetimes.root(of: $0) != $0 }
                }
                scratch += schedule.compiled[step].scratchByteCount > 0 ? 1 : 0
            }
        }
        #expect(min(views, inPlace, scratch) > 100, "\(views) views, \(inPlace) results in place, \(scratch) scratches")
    }

    /// One node for each size, all of whose outputs live to the end.
    private static func plan(_ byteCounts: [Int], scratch: [Int] = [], limit: Int) throws(MemoryRefusal) -> MemoryPlan {
        let nodes = byteCounts.indices.map { Node(name: "n\($0)", op: FakeCheck(), inputs: [], outputs: [ValueID($0)]) }
        let compiled = nodes.map { _ in CompiledOperator.fake { _ in } }
        let lifetimes = Lifetimes(
            valueCount: byteCounts.count, nodes: nodes, compiled: compiled, outputs: byteCounts.indices.map(ValueID.init))
        return try MemoryPlan(lifetimes: lifetimes, scratch: scratch, limit: limit) { byteCounts[$0.index] }
    }

    struct Size: CustomTestStringConvertible {
        var name: String
        var byteCounts: [Int] = []
        var scratch: [Int] = []
        var limit: Int
        /// nil when it is refused.
        var total: Int?
        var testDescription: String { name }
    }

    @Test(
        "sizes at the limits are planned or refused",
        arguments: [
            Size(name: "nothing", limit: 0, total: 0),
            Size(name: "an empty value has an address of its own", byteCounts: [0, 0], limit: 1 << 20, total: 128),
            Size(name: "one byte", byteCounts: [1], limit: 64, total: 64),
            Size(name: "exactly the limit", byteCounts: [64, 128], limit: 192, total: 192),
            Size(name: "one piece over the limit", byteCounts: [193], limit: 192, total: nil),
            Size(name: "all together over the limit", byteCounts: [128, 128], limit: 192, total: nil),
            Size(name: "scratch over the limit", byteCounts: [1], scratch: [1 << 30], limit: 1 << 20, total: nil),
            Size(name: "scratch of a size below zero", byteCounts: [1], scratch: [-1], limit: 1 << 20, total: nil),
            Size(name: "the largest integer", byteCounts: [.max], limit: .max, total: nil),
            Size(name: "scratch of the largest integer", byteCounts: [1], scratch: [.max], limit: .max, total: nil),
            Size(name: "two halves of the largest integer", byteCounts: [.max / 2, .max / 2], limit: .max, total: nil),
            Size(
                name: "a sum past the largest integer", byteCounts: Array(repeating: 1 << 61, count: 8), limit: .max, total: nil),
            Size(name: "any limit", byteCounts: [1 << 40, 1], limit: .max, total: (1 << 40) + 64),
        ])
    func limits(_ size: Size) {
        do {
            let memory = try Self.plan(size.byteCounts, scratch: size.scratch, limit: size.limit)
            #expect(memory.byteCount == size.total)
        } catch {
            #expect(size.total == nil, "\(error)")
            #expect(error.cause == .limit)
        }
    }
}
