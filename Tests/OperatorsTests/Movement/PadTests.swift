import GraphIR
import Operators
import Tensors
import Testing

@Suite("Pad")
struct PadTests {
    static func pad(_ mode: String, version: Int = 19) throws -> any Operator {
        try makeOperator("Pad", in: MovementOperators.spellings, version: version, attributes: ["mode": .string(mode)])
    }

    @Test(
        "fills borders by mode",
        arguments: [
            ("constant", [0, 0, 1, 2, 3, 0, 0, 0]), ("edge", [1, 1, 1, 2, 3, 3, 3, 3]),
            ("reflect", [3, 2, 1, 2, 3, 2, 1, 2]), ("wrap", [2, 3, 1, 2, 3, 1, 2, 3]),
        ] as [(String, [Double])])
    func modes(_ mode: String, _ expected: [Double]) throws {
        for type in ElementType.movable where type != .bool {
            let result = try evaluate(Self.pad(mode), [Tensor([1, 2, 3], type, [3]), integers([2, 3])])[0]
            #expect(result.numbers == expected, "\(type)")
        }
    }

    @Test("a border longer than the axis goes on reflecting and wrapping")
    func longBorders() throws {
        let input = Tensor([1, 2], .float32, [2])
        #expect(try evaluate(Self.pad("reflect"), [input, integers([3, 3])])[0].numbers == [2, 1, 2, 1, 2, 1, 2, 1])
        #expect(try evaluate(Self.pad("wrap"), [input, integers([3, 1])])[0].numbers == [2, 1, 2, 1, 2, 1])
        let single = Tensor([7], .float32, [1])
        #expect(try evaluate(Self.pad("reflect"), [single, integers([2, 1])])[0].numbers == [7, 7, 7, 7])
    }

    @Test("negative pads crop before the rest is repeated")
    func negative() throws {
        let input = Tensor([1, 2, 3, 4], .float32, [4])
        #expect(try evaluate(Self.pad("constant"), [input, integers([-1, -2])])[0].numbers == [2])
        #expect(try evaluate(Self.pad("constant"), [input, integers([-1, 1])])[0].numbers == [2, 3, 4, 0])
        #expect(try evaluate(Self.pad("edge"), [input, integers([-1, 2])])[0].numbers == [2, 3, 4, 4, 4])
    }

    @Test("pads several axes with a value, in every element type", arguments: ElementType.movable)
    func values(_ type: ElementType) throws {
        let input = Grid(counting: [2, 3, 2, 2], modulo: type == .bool ? 2 : 100)
        let pads = [1, 0, 2, 0, 0, 1, -1, 0], filler = 1.0
        let expected = Grid((0..<4).map { input.shape[$0] + pads[$0] + pads[$0 + 4] }) { index in
            let source = zip(index, pads).map { $0 - $1 }
            let isInside = zip(source, input.shape).allSatisfy { (0..<$1).contains($0) }
            return isInside ? input[source] : filler
        }
        let result = try evaluate(
            Self.pad("constant"), [input.tensor(type), integers(pads), Tensor([filler], type, [])])[0]
        #expect(Grid(result) == expected)
    }

    @Test("pads only the named axes since opset 18")
    func axes() throws {
        let input = Grid(counting: [2, 2])
        let result = try evaluate(Self.pad("edge"), [input.tensor(), integers([1, 0]), nil, integers([-1])])[0]
        #expect(result.numbers == [0, 0, 1, 2, 2, 3])
    }

    @Test("reads pads and value from attributes before opset 11")
    func attributes() throws {
        let op = try makeOperator(
            "Pad", in: MovementOperators.spellings, version: 2,
            attributes: ["pads": .integers([1, 0]), "value": .float(2.5)])
        #expect(try evaluate(op, [Tensor([1, 2], .float32, [2])])[0].numbers == [2.5, 1, 2])
    }

    @Test("an empty tensor can be padded with a constant only")
    func empty() throws {
        let input = Grid(counting: [0, 2]).tensor()
        let result = try evaluate(Self.pad("constant"), [input, integers([1, 0, 1, 0]), Tensor([4], .float32, [])])[0]
        #expect(result.shape == [2, 2] && result.numbers == [4, 4, 4, 4])
        expectRefusal(["edge", "nothing to repeat"]) {
            _ = try evaluate(Self.pad("edge"), [input, integers([1, 0, 0, 0])])
        }
    }

    @Test("refuses pads that do not fit")
    func refusals() throws {
        let input = Grid(counting: [2, 2]).tensor()
        expectRefusal(["2 pads", "expected 4"]) { _ = try evaluate(Self.pad("edge"), [input, integers([1, 1])]) }
        expectRefusal(["do not fit axis 0"]) {
            _ = try evaluate(Self.pad("constant"), [input, integers([-2, 0, -1, 0])])
        }
        expectRefusal(["do not fit"]) {
            _ = try evaluate(Self.pad("constant"), [input, integers([.max, 0, .max, 0])])
        }
        expectRefusal(["mode", "\"mirror\"", "\"reflect\""]) { _ = try Self.pad("mirror") }
    }
}
