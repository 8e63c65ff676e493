import GraphIR
import Operators
import Tensors
import Testing

@Suite("Slice")
struct SliceTests {
    /// Which positions a walk from start to end visits, step by step, as the standard words it.
    static func positions(_ start: Int, _ end: Int, _ step: Int, _ extent: Int) -> [Int] {
        func clamped(_ bound: Int, _ range: ClosedRange<Int>) -> Int {
            min(max(bound < 0 ? bound + extent : bound, range.lowerBound), range.upperBound)
        }
        guard extent > 0 else { return [] }
        if step > 0 {
            return Array(stride(from: clamped(start, 0...extent), to: clamped(end, 0...extent), by: step))
        }
        return Array(stride(from: clamped(start, 0...extent - 1), to: clamped(end, -1...extent - 1), by: step))
    }

    @Test("visits the same positions as the standard's wording", arguments: 0...4)
    func axisRange(_ extent: Int) {
        for start in -6...6 {
            for end in -6...6 {
                for step in [-3, -2, -1, 1, 2, 3] {
                    let range = AxisRange(start: start, end: end, step: step, extent: extent)
                    let visited = (0..<range.count).map { range.first + $0 * range.step }
                    #expect(visited == Self.positions(start, end, step, extent), "\(start):\(end):\(step) of \(extent)")
                }
            }
        }
    }

    @Test("survives the largest and smallest integers")
    func extremes() {
        #expect(AxisRange(start: .min, end: .max, step: 1, extent: 5).count == 5)
        #expect(AxisRange(start: .max, end: .min, step: -1, extent: 5) == AxisRange(start: 4, end: -6, step: -1, extent: 5))
        #expect(AxisRange(start: .min, end: .max, step: .max, extent: 5).count == 1)
        #expect(AxisRange(start: .max, end: .min, step: .min, extent: 5).count == 1)
        #expect(AxisRange(start: .max, end: .max, step: 1, extent: 5).count == 0)
    }

    @Test("the largest integer as the end of a backward walk means its last position")
    func backwardToTheEnd() {
        #expect(AxisRange(start: -1, end: .max, step: -1, extent: 3).count == 3)
        #expect(AxisRange(start: -1, end: Int(Int32.max), step: -1, extent: 3).count == 3)
    }

    @Test("cuts boxes with steps out of every element type", arguments: ElementType.movable)
    func boxes(_ type: ElementType) throws {
        let input = Grid(counting: [4, 5, 6], modulo: type == .bool ? 2 : 100)
        for (starts, ends, axes, steps) in [
            ([1, 0], [3, 4], [0, 2], [1, 1]), ([-1], [-100], [1], [-1]), ([5, 3], [0, -5], [2, 0], [-2, -1]),
            ([0], [100], [1], [3]), ([2], [2], [1], [1]), ([0, 0, 0], [4, 5, 6], [0, 1, 2], [1, 1, 1]),
        ] {
            let visits = (0..<3).map { axis in
                axes.firstIndex(of: axis).map { Self.positions(starts[$0], ends[$0], steps[$0], input.shape[axis]) }
                    ?? Array(0..<input.shape[axis])
            }
            let expected = Grid(visits.map(\.count)) { index in input[zip(visits, index).map { $0[$1] }] }
            let op = try makeOperator("Slice", in: MovementOperators.spellings)
            let result = try evaluate(
                op, [input.tensor(type), integers(starts), integers(ends), integers(axes.map { $0 - 3 }), integers(steps)])
            #expect(Grid(result[0]) == expected, "\(starts) \(ends) \(axes) \(steps)")
        }
    }

    @Test("a step of any size over one element takes that element")
    func hugeStep() throws {
        let op = try makeOperator("Slice", in: MovementOperators.spellings)
        let inputs = [Grid(counting: [3]).tensor(), integers([1]), integers([3]), integers([0]), integers([.max])]
        #expect(try evaluate(op, inputs)[0].numbers == [1])
    }

    @Test("takes bounds from attributes before opset 10")
    func attributes() throws {
        let op = try makeOperator(
            "Slice", in: MovementOperators.spellings, version: 9,
            attributes: ["starts": .integers([1]), "ends": .integers([-1]), "axes": .integers([1])])
        #expect(try evaluate(op, [Grid(counting: [2, 4]).tensor()])[0].numbers == [1, 2, 5, 6])
    }

    @Test("keeps the name of an axis that is taken whole, and of those not sliced")
    func symbolic() throws {
        let data = ValueFact(.float32, SymbolicShape([.symbol("batch"), .symbol("time"), .known(8)]))
        let op = try makeOperator("Slice", in: MovementOperators.spellings)
        func infer(_ starts: [Int], _ ends: [Int], _ axes: [Int]) throws -> SymbolicShape? {
            let lists = [starts, ends, axes].map { ValueFact(constant: integers($0)) }
            return try op.infer(OperatorInputs([data] + lists))[0].shape
        }
        #expect(try infer([0, 2], [.max, 5], [1, 2]) == SymbolicShape([.symbol("batch"), .symbol("time"), .known(3)]))
        #expect(try infer([1], [3], [1]) == SymbolicShape([.symbol("batch"), .unknown, .known(8)]))
        let open = [data, ValueFact(.int64, [1] as Shape), ValueFact(.int64, [1] as Shape), ValueFact(constant: integers([1]))]
        #expect(try op.infer(OperatorInputs(open))[0].shape == SymbolicShape([.symbol("batch"), .unknown, .known(8)]))
    }

    @Test("refuses step 0, lists of different lengths and bad axes")
    func refusals() throws {
        let op = try makeOperator("Slice", in: MovementOperators.spellings)
        let data = Grid(counting: [2, 3]).tensor(), one = integers([1]), zero = integers([0])
        expectRefusal(["step 0"]) { _ = try evaluate(op, [data, zero, one, zero, zero]) }
        expectRefusal(["2 starts", "1 ends"]) { _ = try evaluate(op, [data, integers([0, 0]), one]) }
        expectRefusal(["axis 2 is outside"]) { _ = try evaluate(op, [data, zero, one, integers([2])]) }
        expectRefusal(["input 1", "float32"]) { _ = try evaluate(op, [data, Grid(counting: [1]).tensor(), one]) }
    }
}
