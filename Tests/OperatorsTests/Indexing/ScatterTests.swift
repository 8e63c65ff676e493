import GraphIR
import Operators
import Tensors
import Testing

@Suite("ScatterElements and ScatterND")
struct ScatterTests {
    static func combine(_ reduction: String, _ old: Double, _ update: Double) -> Double {
        switch reduction {
        case "add": old + update
        case "mul": old * update
        case "max": max(old, update)
        case "min": min(old, update)
        default: update
        }
    }

    static let numberTypes: [ElementType] = ElementType.movable.filter { $0 != .bool }

    @Test("places elements along every axis, combining in order", arguments: ["none", "add", "mul", "max", "min"], [-1, 0, 1])
    func elements(_ reduction: String, _ axis: Int) throws {
        let position = counted(axis, 3)
        var shape = [2, 3, 2]
        shape[position] = 4
        let count = shape.reduce(1, *)
        for type in Self.numberTypes {
            // Small numbers: their sums and products are exact in every type.
            var expected = Grid(counting: [3, 3, 3], modulo: 4)
            let data = expected.tensor(type), updates = Grid(counting: shape, modulo: 3)
            let indices = sampleIndices(count, extent: 3, seed: 2)
            for (place, index) in Grid.indices(shape).enumerated() {
                var target = index
                target[position] = counted(indices[place], 3)
                expected[target] = Self.combine(reduction, expected[target], updates[index])
            }
            let result = try evaluate(
                indexing("ScatterElements", ["axis": .integer(Int64(axis)), "reduction": .string(reduction)]),
                [data, integers(indices, shape: Shape(shape)), updates.tensor(type)])
            #expect(Grid(result[0]) == expected, "\(type)")
        }
    }

    @Test("replaces bools, and goes by its old name before opset 11")
    func bools() throws {
        let op = try makeOperator("Scatter", in: IndexingOperators.spellings, version: 9)
        let result = try evaluate(
            op, [Tensor([1, 0, 0], .bool, [3]), integers([2, 0]), Tensor([1, 0], .bool, [2])])
        #expect(result[0].numbers == [0, 0, 1])
    }

    @Test("NaN is carried through max and min")
    func nan() throws {
        for reduction in ["max", "min"] {
            let op = try indexing("ScatterElements", ["reduction": .string(reduction)])
            let result = try evaluate(
                op, [Tensor([1, .nan], .float32, [2]), integers([0, 1]), Tensor([.nan, 1], .float32, [2])])
            #expect(result[0].numbers.allSatisfy { $0.isNaN }, "\(reduction)")
        }
    }

    @Test("places slices by tuples, combining in order", arguments: ["none", "add", "mul", "max", "min"], [1, 2, 3])
    func slices(_ reduction: String, _ length: Int) throws {
        let shape = [3, 4, 2], lead = [5]
        let tuples = (0..<5).map { (tuple: Int) -> [Int] in
            (0..<length).map { (axis: Int) -> Int in
                let index = (tuple * 7 + axis * 3) % shape[axis]
                return tuple % 2 == 0 ? index - shape[axis] : index
            }
        }
        for type in Self.numberTypes {
            var expected = Grid(counting: shape, modulo: 4)
            let data = expected.tensor(type)
            let updates = Grid(counting: lead + Array(shape[length...]), modulo: 3)
            for index in Grid.indices(updates.shape) {
                let target = tuples[index[0]].enumerated().map { counted($1, shape[$0]) } + Array(index[1...])
                expected[target] = Self.combine(reduction, expected[target], updates[index])
            }
            let result = try evaluate(
                indexing("ScatterND", ["reduction": .string(reduction)]),
                [data, integers(tuples.flatMap { $0 }, shape: [5, length]), updates.tensor(type)])
            #expect(Grid(result[0]) == expected, "\(type)")
        }
    }

    @Test("refuses updates of another shape and places that are not there")
    func refusals() throws {
        let data = Grid(counting: [3, 2]).tensor()
        expectRefusal(["input 2", "[2]", "[1,2]"]) {
            _ = try evaluate(
                indexing("ScatterElements"), [data, integers([0, 0], shape: [1, 2]), Grid(counting: [2]).tensor()])
        }
        expectRefusal(["input 2", "expected [1,2]"]) {
            _ = try evaluate(indexing("ScatterND"), [data, integers([0], shape: [1, 1]), Grid(counting: [1, 3]).tensor()])
        }
        expectRefusal(["index 3", "axis 0"]) {
            _ = try evaluate(indexing("ScatterND"), [data, integers([3], shape: [1, 1]), Grid(counting: [1, 2]).tensor()])
        }
        expectRefusal(["reduction", "\"sub\""]) { _ = try indexing("ScatterND", ["reduction": .string("sub")]) }
    }
}
