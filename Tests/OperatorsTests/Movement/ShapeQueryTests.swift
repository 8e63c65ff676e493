import GraphIR
import Operators
import Tensors
import Testing

@Suite("Shape and Size")
struct ShapeQueryTests {
    static func shape(_ start: Int? = nil, _ end: Int? = nil) throws -> any Operator {
        var attributes: [String: Attribute] = [:]
        if let start { attributes["start"] = .integer(Int64(start)) }
        if let end { attributes["end"] = .integer(Int64(end)) }
        return try makeOperator("Shape", in: MovementOperators.spellings, attributes: attributes)
    }

    @Test(
        "gives the extents of a range of axes",
        arguments: [
            (nil, nil, [2, 3, 4]), (1, nil, [3, 4]), (-1, nil, [4]), (nil, -1, [2, 3]), (0, 0, []), (2, 1, []),
            (-9, 9, [2, 3, 4]),
        ] as [(Int?, Int?, [Int])])
    func ranges(_ start: Int?, _ end: Int?, _ expected: [Int]) throws {
        #expect(try evaluate(Self.shape(start, end), [Grid(counting: [2, 3, 4]).tensor()])[0].integers == expected)
    }

    @Test("is constant as soon as the asked extents are known")
    func constants() throws {
        let fact = ValueFact(.float32, SymbolicShape([.symbol("batch"), .known(8), .known(3)]))
        #expect(try Self.shape(1).infer(OperatorInputs([fact]))[0].integers == [8, 3])
        let whole = try Self.shape().infer(OperatorInputs([fact]))[0]
        #expect(whole.constant == nil && whole.shape == SymbolicShape([.known(3)]))
    }

    @Test("counts elements")
    func size() throws {
        #expect(try evaluate(movement("Size"), [Grid(counting: [2, 3, 4]).tensor()])[0].integers == [24])
        #expect(try evaluate(movement("Size"), [Grid(counting: [2, 0]).tensor()])[0].integers == [0])
        #expect(try evaluate(movement("Size"), [Grid(counting: []).tensor()])[0].integers == [1])
    }
}
