import GraphIR
import Testing

@testable import Inference

/// Runs a schedule over a memory of marks instead of bytes, to see that nobody writes over what is still read.
struct ShadowArena {
    private let schedule: RandomSchedule
    private let lifetimes: Lifetimes
    private let memory: MemoryPlan
    /// Whose bytes each unit of the arena holds; -1 for scratch.
    private var units: [Int]
    /// By value: whose bytes it is made of; a view is made of its source's.
    private var content: [Int]

    init(_ schedule: RandomSchedule, _ lifetimes: Lifetimes, _ memory: MemoryPlan) {
        self.schedule = schedule
        self.lifetimes = lifetimes
        self.memory = memory
        units = Array(repeating: -2, count: memory.byteCount / MemoryPlan.alignment)
        content = Array(schedule.byteCounts.indices)
    }

    mutating func run() {
        for step in schedule.nodes.indices { run(step) }
        for output in schedule.outputs {
            check(output, at: "the end")
            guard let range = units(of: output) else { continue }
            #expect(range.upperBound * MemoryPlan.alignment <= memory.keptByteCount, "output \(output.index) is not kept")
        }
    }

    private mutating func run(_ step: Int) {
        let node = schedule.nodes[step]
        for input in node.inputs.compactMap(\.self) { check(input, at: "step \(step)") }
        if case .view = schedule.compiled[step].body, let source = node.inputs[0] {
            content[node.outputs[0].index] = content[source.index]
            return
        }
        checkDisjoint(step)
        if let scratch = scratchUnits(step) { for unit in scratch { units[unit] = -1 } }
        for output in node.outputs { for unit in units(of: output) ?? 0..<0 { units[unit] = content[output.index] } }
    }

    private func check(_ value: ValueID, at place: String) {
        for unit in units(of: value) ?? 0..<0 where units[unit] != content[value.index] {
            Issue.record("value \(value.index) was overwritten before \(place)")
            return
        }
    }

    /// While a kernel runs, what it reads and writes lies apart, but for results computed in place with permission.
    private func checkDisjoint(_ step: Int) {
        let node = schedule.nodes[step]
        var written = node.outputs.compactMap(units)
        if let scratch = scratchUnits(step) { written.append(scratch) }
        for (index, range) in written.enumerated() {
            #expect(range.upperBound <= units.count, "a piece lies outside of the arena")
            for other in written.dropFirst(index + 1) { #expect(!range.overlaps(other), "two results of step \(step) overlap") }
            for (position, input) in node.inputs.enumerated() {
                guard let input, let read = units(of: input), read.overlaps(range) else { continue }
                let isPermitted = schedule.compiled[step].inPlace.contains { $0.output == index && $0.input == position }
                #expect(isPermitted && read == range, "result \(index) of step \(step) lies on input \(position)")
            }
        }
    }

    /// nil for what lies in an input.
    private func units(of value: ValueID) -> Range<Int>? {
        guard let offset = memory.offset(of: lifetimes.root(of: value)) else { return nil }
        return units(offset, schedule.byteCounts[value.index])
    }

    private func scratchUnits(_ step: Int) -> Range<Int>? {
        let byteCount = schedule.compiled[step].scratchByteCount
        return byteCount > 0 ? units(memory.scratchOffsets[step], byteCount) : nil
    }

    private func units(_ offset: Int, _ byteCount: Int) -> Range<Int> {
        #expect(offset >= 0 && offset % MemoryPlan.alignment == 0)
        let first = offset / MemoryPlan.alignment
        return first..<first + max(1, (byteCount + MemoryPlan.alignment - 1) / MemoryPlan.alignment)
    }
}
