import GraphIR
import Operators
import Tensors
import Testing

@Suite("CumSum and CumProd")
struct CumulativeTests {
    struct Case: Sendable {
        let axis: Int64
        let exclusive: Bool
        let reverse: Bool
        let expected: [Double]
    }

    static let cases: [Case] = [
        Case(axis: 1, exclusive: false, reverse: false, expected: [1, 3, 6, 4, 9, 15]),
        Case(axis: -1, exclusive: true, reverse: false, expected: [0, 1, 3, 0, 4, 9]),
        Case(axis: 1, exclusive: false, reverse: true, expected: [6, 5, 3, 15, 11, 6]),
        Case(axis: 1, exclusive: true, reverse: true, expected: [5, 3, 0, 11, 6, 0]),
        Case(axis: 0, exclusive: false, reverse: false, expected: [1, 2, 3, 5, 7, 9]),
        Case(axis: -2, exclusive: true, reverse: true, expected: [4, 5, 6, 0, 0, 0]),
    ]

    @Test("adds up along the axis that its input names", arguments: cases)
    func sums(_ c: Case) throws {
        let attributes: [String: Attribute] = [
            "exclusive": .integer(c.exclusive ? 1 : 0), "reverse": .integer(c.reverse ? 1 : 0),
        ]
        let op = try makeOperator("CumSum", in: ReductionOperators.spellings, inputs: 2, attributes: attributes)
        for type in [ElementType.float32, .float64, .float16, .int32, .int64, .uint32, .uint64] {
            let x = Tensor([1, 2, 3, 4, 5, 6], type, [2, 3])
            expectNumbers(try evaluate(op, [x, Tensor(scalar: c.axis)])[0], c.expected, "\(type)")
            expectNumbers(try evaluate(op, [x, Tensor(scalar: Int32(c.axis))])[0], c.expected, "\(type)")
        }
    }

    @Test("multiplies up in the same ways")
    func products() throws {
        let x = Tensor([1, 2, 3] as [Int32], shape: [3]), axis = Tensor(scalar: 0 as Int64)
        func run(_ exclusive: Int64, _ reverse: Int64) throws -> [Double] {
            let attributes: [String: Attribute] = ["exclusive": .integer(exclusive), "reverse": .integer(reverse)]
            let op = try makeOperator("CumProd", in: ReductionOperators.spellings, version: 26, inputs: 2, attributes: attributes)
            let real = try evaluate(op, [Tensor(x.numbers, .float64, [3]), axis])[0].numbers
            let whole = try evaluate(op, [x, axis])[0].numbers
            #expect(real == whole)
            return whole
        }
        #expect(try run(0, 0) == [1, 2, 6])
        #expect(try run(1, 0) == [1, 1, 2])
        #expect(try run(0, 1) == [6, 6, 3])
        #expect(try run(1, 1) == [6, 3, 1])
    }

    @Test("takes empty tensors and refuses axes outside the rank")
    func edges() throws {
        let op = try makeOperator("CumSum", in: ReductionOperators.spellings, inputs: 2)
        #expect(try evaluate(op, [Tensor([] as [Float], shape: [2, 0]), Tensor(scalar: 1 as Int64)])[0].shape == [2, 0])
        #expect(throws: OperatorError.self) {
            try evaluate(op, [Tensor([1] as [Float], shape: [1]), Tensor(scalar: 1 as Int64)])
        }
    }
}
