import GraphIR
import Operators
import Tensors
import Testing

@Suite("ArgMax and ArgMin")
struct ArgExtremumTests {
    static let types: [ElementType] = [
        .float32, .float64, .float16, .bfloat16, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64,
    ]

    @Test("find the first or the last extremum along any axis", arguments: types)
    func positions(_ type: ElementType) throws {
        let x = Tensor([3, 1, 3, 2, 5, 5, 0, 7, 1, 1, 4, 7], type, [2, 2, 3])
        func run(_ name: String, axis: Int64, last: Bool = false, keeps: Bool = false) throws -> Tensor {
            let attributes: [String: Attribute] = [
                "axis": .integer(axis), "select_last_index": .integer(last ? 1 : 0), "keepdims": .integer(keeps ? 1 : 0),
            ]
            return try evaluate(makeOperator(name, in: ReductionOperators.spellings, attributes: attributes), [x])[0]
        }
        #expect(try run("ArgMax", axis: 2).numbers == [0, 1, 1, 2])
        #expect(try run("ArgMax", axis: -1, last: true).numbers == [2, 2, 1, 2])
        #expect(try run("ArgMin", axis: 2).numbers == [1, 0, 0, 0])
        #expect(try run("ArgMax", axis: 0).numbers == [0, 1, 0, 0, 0, 1])
        #expect(try run("ArgMin", axis: 1).numbers == [1, 0, 0, 0, 1, 0])
        #expect(try run("ArgMax", axis: 1, keeps: true).shape == [2, 1, 3])
        #expect(try run("ArgMax", axis: 1).elementType == .int64)
    }

    @Test("take NaN for the extremum")
    func nan() throws {
        let x = Tensor([1, .nan, 3, .nan] as [Float], shape: [4])
        for name in ["ArgMax", "ArgMin"] {
            let first = try makeOperator(name, in: ReductionOperators.spellings)
            let last = try makeOperator(name, in: ReductionOperators.spellings, attributes: ["select_last_index": .integer(1)])
            #expect(try evaluate(first, [x])[0].numbers == [1])
            #expect(try evaluate(last, [x])[0].numbers == [3])
        }
    }

    @Test("have no answer for an empty axis, and nothing to answer beside one")
    func empty() throws {
        let op = try makeOperator("ArgMax", in: ReductionOperators.spellings)
        #expect(throws: OperatorError.self) { try op.infer(OperatorInputs([ValueFact(.float32, [0, 2] as Shape)])) }
        #expect(try evaluate(op, [Tensor([] as [Float], shape: [2, 0])])[0].shape == [1, 0])
    }
}
