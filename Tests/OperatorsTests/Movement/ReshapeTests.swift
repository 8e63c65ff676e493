import GraphIR
import Operators
import Tensors
import Testing

@Suite("Reshape, Flatten, Squeeze, Unsqueeze, Identity")
struct ReshapeTests {
    struct Case: CustomTestStringConvertible {
        let input: [Int], wanted: [Int], result: [Int]
        var allowsZero = false
        var testDescription: String { "\(input) as \(wanted)" }
    }

    @Test(
        "gives the wanted shape",
        arguments: [
            Case(input: [2, 3, 4], wanted: [4, 2, 3], result: [4, 2, 3]),
            Case(input: [2, 3, 4], wanted: [-1], result: [24]),
            Case(input: [2, 3, 4], wanted: [2, -1, 2], result: [2, 6, 2]),
            Case(input: [2, 3, 4], wanted: [0, 0, -1], result: [2, 3, 4]),
            Case(input: [2, 3, 4], wanted: [0, 12], result: [2, 12]),
            Case(input: [1], wanted: [], result: []),
            Case(input: [0, 3], wanted: [3, -1], result: [3, 0]),
            Case(input: [0, 3], wanted: [0, 7], result: [0, 7], allowsZero: true),
            Case(input: [0, 3], wanted: [0, 7], result: [0, 7]),
        ])
    func shapes(_ c: Case) throws {
        let op = try makeOperator(
            "Reshape", in: MovementOperators.spellings, attributes: ["allowzero": .integer(c.allowsZero ? 1 : 0)])
        let input = Grid(counting: c.input).tensor(.int32)
        let result = try evaluate(op, [input, integers(c.wanted)])[0]
        #expect(result.shape.extents == c.result)
        #expect(result.numbers == input.numbers)
    }

    @Test(
        "knows as much of a symbolic shape as follows",
        arguments: [
            ("[batch,3,8] as [-1,24]", [.symbol("batch"), .known(3), .known(8)], [-1, 24], [.symbol("batch"), .known(24)]),
            ("[batch,4] as [0,2,2]", [.symbol("batch"), .known(4)], [0, 2, 2], [.symbol("batch"), .known(2), .known(2)]),
            ("[batch,4] as [0,-1]", [.symbol("batch"), .known(4)], [0, -1], [.symbol("batch"), .known(4)]),
            ("[batch,4] as [-1]", [.symbol("batch"), .known(4)], [-1], [.unknown]),
            ("[?,4] as [0,-1]", [.unknown, .known(4)], [0, -1], [.unknown, .unknown]),
        ] as [(String, [Dimension], [Int], [Dimension])])
    func symbolic(_ name: String, _ input: [Dimension], _ wanted: [Int], _ result: [Dimension]) throws {
        let op = try makeOperator("Reshape", in: MovementOperators.spellings)
        let facts = [ValueFact(.float32, SymbolicShape(input)), ValueFact(constant: integers(wanted))]
        #expect(try op.infer(OperatorInputs(facts))[0].shape == SymbolicShape(result))
    }

    @Test("answers the rank when only the length of the wanted shape is known")
    func unknownShape() throws {
        let op = try makeOperator("Reshape", in: MovementOperators.spellings)
        let facts = [ValueFact(.float32, [4] as Shape), ValueFact(.int64, [3] as Shape)]
        #expect(try op.infer(OperatorInputs(facts))[0].rank == 3)
    }

    @Test(
        "refuses shapes that do not fit",
        arguments: [
            ([2, 3], [4], ["6 elements", "has 4"]), ([2, 3], [-1, -1], ["more than one -1"]),
            ([2, 3], [-1, 4], ["do not divide"]), ([2, 3], [2, -3], ["negative extent -3"]),
            ([2], [2, 0], ["keeps axis 1"]), ([0, 2], [-1, 0], ["0 elements"]),
        ] as [([Int], [Int], [String])])
    func refusals(_ input: [Int], _ wanted: [Int], _ words: [String]) throws {
        let allowsZero: [String: Attribute] = input.contains(0) ? ["allowzero": .integer(1)] : [:]
        let op = try makeOperator("Reshape", in: MovementOperators.spellings, attributes: allowsZero)
        expectRefusal(words) { _ = try evaluate(op, [Grid(counting: input).tensor(), integers(wanted)]) }
    }

    @Test("takes the shape from an attribute before opset 5")
    func attribute() throws {
        let op = try makeOperator(
            "Reshape", in: MovementOperators.spellings, version: 4, attributes: ["shape": .integers([3, -1])])
        #expect(try evaluate(op, [Grid(counting: [2, 3]).tensor()])[0].shape == [3, 2])
    }

    @Test("flattens around an axis", arguments: [(0, [1, 24]), (1, [2, 12]), (3, [24, 1]), (-1, [6, 4]), (-3, [1, 24])])
    func flatten(_ axis: Int, _ result: [Int]) throws {
        let op = try makeOperator(
            "Flatten", in: MovementOperators.spellings, attributes: ["axis": .integer(Int64(axis))])
        #expect(try evaluate(op, [Grid(counting: [2, 3, 4]).tensor()])[0].shape.extents == result)
    }

    @Test("flattens a symbolic batch without losing its name")
    func flattenSymbolic() throws {
        let input = ValueFact(.float32, SymbolicShape([.symbol("batch"), .known(2), .known(3)]))
        let result = try movement("Flatten").infer(OperatorInputs([input]))[0].shape
        #expect(result == SymbolicShape([.symbol("batch"), .known(6)]))
    }

    @Test(
        "squeezes named axes, or all of extent 1",
        arguments: [
            ([1, 3, 1, 2], nil, [3, 2]), ([1, 3, 1, 2], [0], [3, 1, 2]), ([1, 3, 1, 2], [-2, 0], [3, 2]), ([1], [0], []),
        ] as [([Int], [Int]?, [Int])])
    func squeeze(_ input: [Int], _ axes: [Int]?, _ result: [Int]) throws {
        let data = Grid(counting: input).tensor(.uint8)
        let current = try makeOperator("Squeeze", in: MovementOperators.spellings, version: 13)
        #expect(try evaluate(current, axes.map { [data, integers($0)] } ?? [data])[0].shape.extents == result)
        let attributes: [String: Attribute] = axes.map { ["axes": .integers($0.map(Int64.init))] } ?? [:]
        let early = try makeOperator("Squeeze", in: MovementOperators.spellings, version: 11, attributes: attributes)
        #expect(try evaluate(early, [data])[0].shape.extents == result)
    }

    @Test(
        "unsqueezes axes of the output",
        arguments: [
            ([3], [0], [1, 3]), ([3], [-1], [3, 1]), ([2, 3], [3, 1], [2, 1, 3, 1]), ([], [0, 1], [1, 1]),
        ] as [([Int], [Int], [Int])])
    func unsqueeze(_ input: [Int], _ axes: [Int], _ result: [Int]) throws {
        let data = Grid(counting: input).tensor(.float64)
        let current = try makeOperator("Unsqueeze", in: MovementOperators.spellings, version: 13)
        #expect(try evaluate(current, [data, integers(axes)])[0].shape.extents == result)
        let early = try makeOperator(
            "Unsqueeze", in: MovementOperators.spellings, version: 9,
            attributes: ["axes": .integers(axes.map(Int64.init))])
        #expect(try evaluate(early, [data])[0].shape.extents == result)
    }

    @Test("refuses axes that are not there, named twice, or not of extent 1")
    func badAxes() throws {
        let data = Grid(counting: [2, 1]).tensor()
        let squeeze = try makeOperator("Squeeze", in: MovementOperators.spellings)
        expectRefusal(["extent 2 along axis 0"]) { _ = try evaluate(squeeze, [data, integers([0])]) }
        expectRefusal(["axis 2 is outside -2...1"]) { _ = try evaluate(squeeze, [data, integers([2])]) }
        expectRefusal(["listed twice"]) { _ = try evaluate(squeeze, [data, integers([1, -1])]) }
        let unsqueeze = try makeOperator("Unsqueeze", in: MovementOperators.spellings)
        expectRefusal(["outside -3...2"]) { _ = try evaluate(unsqueeze, [data, integers([5])]) }
        let flatten = try makeOperator("Flatten", in: MovementOperators.spellings, attributes: ["axis": .integer(3)])
        expectRefusal(["outside -2...2"]) { _ = try evaluate(flatten, [data]) }
    }

    @Test("says that strings are not supported instead of moving nothing")
    func strings() throws {
        let op = try makeOperator("Reshape", in: MovementOperators.spellings)
        let facts = [ValueFact(.string, [2] as Shape), ValueFact(constant: integers([2]))]
        expectRefusal(["strings", "not supported"]) { _ = try op.infer(OperatorInputs(facts)) }
    }

    @Test("Identity gives its input")
    func identity() throws {
        let data = Grid(counting: [2, 3]).tensor(.int16)
        #expect(try evaluate(movement("Identity"), [data])[0].numbers == data.numbers)
    }
}
