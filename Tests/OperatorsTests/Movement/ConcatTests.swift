import GraphIR
import Operators
import Tensors
import Testing

@Suite("Concat and Split")
struct ConcatTests {
    static func concatenated(_ parts: [Grid], axis: Int) -> Grid {
        var shape = parts[0].shape
        shape[axis] = parts.map { $0.shape[axis] }.reduce(0, +)
        return Grid(shape) { index in
            var index = index
            for part in parts {
                if index[axis] < part.shape[axis] { return part[index] }
                index[axis] -= part.shape[axis]
            }
            preconditionFailure("beyond the parts")
        }
    }

    @Test("joins parts along each axis and takes them apart again", arguments: ElementType.movable)
    func roundTrip(_ type: ElementType) throws {
        let modulo = type == .bool ? 2 : 100
        for axis in -3..<3 {
            let position = axis < 0 ? axis + 3 : axis
            let parts = [2, 0, 1, 3].map { extent in
                var shape = [2, 3, 5]
                shape[position] = extent
                return Grid(counting: shape, modulo: modulo)
            }
            let whole = try evaluate(concat(axis), parts.map { $0.tensor(type) })[0]
            #expect(Grid(whole) == Self.concatenated(parts, axis: position))
            let split = try movement("Split", ["axis": .integer(Int64(axis))])
            let results = try evaluate(split, [whole, integers([2, 0, 1, 3])], outputs: 4)
            #expect(results.map { Grid($0) } == parts)
        }
    }

    @Test("one input is passed on")
    func single() throws {
        let input = Grid(counting: [2, 3])
        #expect(Grid(try evaluate(concat(1), [input.tensor()])[0]) == input)
    }

    @Test("keeps names and adds up known extents")
    func symbolic() throws {
        let left = ValueFact(.float32, SymbolicShape([.symbol("batch"), .known(3)]))
        let right = ValueFact(.float32, SymbolicShape([.symbol("batch"), .known(4)]))
        let result = try concat(1).infer(OperatorInputs([left, right]))[0]
        #expect(result.shape == SymbolicShape([.symbol("batch"), .known(7)]))
        #expect(try concat(0).infer(OperatorInputs([left, left]))[0].shape == SymbolicShape([.unknown, .known(3)]))
    }

    @Test("refuses parts that do not match")
    func concatRefusals() {
        let a = Grid(counting: [2, 3]).tensor()
        expectRefusal(["input 1", "extent 4 along axis 0", "only axis 1 may differ"]) {
            _ = try evaluate(concat(1), [a, Grid(counting: [4, 3]).tensor()])
        }
        expectRefusal(["input 1", "rank 1"]) { _ = try evaluate(concat(0), [a, Grid(counting: [3]).tensor()]) }
        expectRefusal(["int32", "float32"]) { _ = try evaluate(concat(0), [a, Grid(counting: [2, 3]).tensor(.int32)]) }
        expectRefusal(["axis 2"]) { _ = try evaluate(concat(2), [a, a]) }
    }

    @Test(
        "splits evenly, or with a shorter last part since opset 18",
        arguments: [
            (13, 6, 3, [2, 2, 2]), (18, 7, 3, [3, 3, 1]), (18, 6, 2, [3, 3]), (18, 4, 1, [4]),
        ])
    func even(_ version: Int, _ extent: Int, _ count: Int, _ lengths: [Int]) throws {
        let attributes: [String: Attribute] = version >= 18 ? ["num_outputs": .integer(Int64(count))] : [:]
        let op = try makeOperator(
            "Split", in: MovementOperators.spellings, version: version, outputs: count, attributes: attributes)
        let parts = try evaluate(op, [Grid(counting: [extent, 2]).tensor()], outputs: count)
        #expect(parts.map { $0.shape[0] } == lengths)
        #expect(parts.flatMap(\.numbers) == (0..<2 * extent).map(Double.init))
    }

    @Test("takes lengths from an attribute before opset 13")
    func attribute() throws {
        let op = try makeOperator(
            "Split", in: MovementOperators.spellings, version: 11, outputs: 2,
            attributes: ["axis": .integer(-1), "split": .integers([1, 3])])
        let parts = try evaluate(op, [Grid(counting: [2, 4]).tensor()], outputs: 2)
        #expect(parts[1].numbers == [1, 2, 3, 5, 6, 7])
    }

    @Test("refuses lengths that do not add up")
    func splitRefusals() throws {
        let input = Grid(counting: [5]).tensor()
        expectRefusal(["sum to 4", "extent 5"]) { _ = try evaluate(movement("Split"), [input, integers([2, 2])], outputs: 2) }
        expectRefusal(["must not be negative"]) { _ = try evaluate(movement("Split"), [input, integers([6, -1])], outputs: 2) }
        expectRefusal(["3 part lengths", "2 outputs"]) {
            _ = try evaluate(movement("Split"), [input, integers([1, 2, 2])], outputs: 2)
        }
        let early = try makeOperator("Split", in: MovementOperators.spellings, version: 13, outputs: 2)
        expectRefusal(["does not divide into 2"]) { _ = try evaluate(early, [input], outputs: 2) }
        expectRefusal(["does not divide into 4"]) { _ = try evaluate(movement("Split"), [input], outputs: 4) }
    }
}
