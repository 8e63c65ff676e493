import GraphIR
import Operators
import Tensors
import Testing

@Suite("Einsum and products of stacks")
struct EinsumTests {
    struct Equation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let shapes: [[Int]]

        init(_ text: String, _ shapes: [Int]...) {
            testDescription = text
            self.shapes = shapes
        }
    }

    static let equations: [Equation] = [
        Equation("abc,cde->abde", [2, 3, 4], [4, 2, 3]), Equation("aecd,abcd->acbe", [2, 5, 3, 4], [2, 6, 3, 4]),
        Equation("acbe,aecd->abcd", [2, 3, 6, 5], [2, 5, 3, 4]), Equation("abcd,cde->abe", [2, 3, 4, 2], [4, 2, 5]),
        Equation("ij,kj->ik", [2, 3], [4, 3]), Equation("ij,jk->ki", [2, 3], [3, 4]), Equation("ijk,jil->kl", [2, 3, 4], [3, 2, 5]),
        Equation("i,j->ij", [3], [4]), Equation("ij,ij->", [2, 3], [2, 3]), Equation("ijk,jl->il", [2, 3, 4], [3, 5]),
        Equation("ab,cd->dacb", [2, 3], [2, 2]), Equation("iij,jk->ik", [3, 3, 4], [4, 2]), Equation("ab->aba", [2, 3]),
        Equation("ii->", [3, 3]), Equation("abc->cb", [2, 3, 4]), Equation("ij,jk,kl->li", [2, 3], [3, 4], [4, 2]),
        Equation("ab,b->a", [2, 0], [0]),
    ]

    /// Sums over every label, one place of the output after the other.
    private func reference(_ text: String, _ inputs: [Tensor]) -> [Int: Double] {
        let sides = text.split(separator: ">").map { $0.filter { $0 != "-" } }
        let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(Array.init)
        let output = sides.count > 1 ? Array(sides[1]) : []
        var extents: [Character: Int] = [:]
        for (term, input) in zip(terms, inputs) { for (label, extent) in zip(term, input.shape.extents) { extents[label] = extent } }
        let labels = extents.keys.sorted()
        var result: [Int: Double] = [:]
        for number in 0..<labels.reduce(1, { $0 * (extents[$1] ?? 1) }) {
            var rest = number, place: [Character: Int] = [:]
            for label in labels {
                place[label] = rest % (extents[label] ?? 1)
                rest /= extents[label] ?? 1
            }
            func offset(_ term: [Character]) -> Int { term.reduce(0) { $0 * (extents[$1] ?? 1) + (place[$1] ?? 0) } }
            let product = zip(terms, inputs).reduce(1.0) { $0 * $1.1.numbers[offset($1.0)] }
            result[offset(output), default: 0] += product
        }
        return result
    }

    @Test("sums products as the equation says, with constant operands or without", arguments: equations)
    func equation(_ equation: Equation) throws {
        let inputs = equation.shapes.map { SampleData.floats(Shape($0)) }
        let expected = reference(equation.testDescription, inputs)
        for constants in [[], [1]] as [Set<Int>] where constants.isEmpty || inputs.count > 1 {
            let result = try TensorFlowCase.run(
                "Einsum", inputs, constants: constants, ["equation": .string(equation.testDescription)])[0]
            for (place, number) in result.numbers.enumerated() {
                #expect(abs(number - (expected[place] ?? 0)) < 1e-4, "place \(place)")
            }
        }
    }

    @Test("broadcasts the axes of an ellipsis, and only these")
    func broadcasting() throws {
        let a = SampleData.floats([2, 1, 3, 4]), b = SampleData.floats([5, 4, 2])
        let result = try TensorFlowCase.run("Einsum", [a, b], ["equation": .string("...ij,...jk->...ik")])[0]
        #expect(result.shape == [2, 5, 3, 2])
        expectRefusal(["extent"]) {
            _ = try TensorFlowCase.run(
                "Einsum", [SampleData.floats([2, 3]), SampleData.floats([1, 3])], ["equation": .string("ab,ab->a")])
        }
    }

    @Test("refuses equations that say nothing sensible", arguments: ["ab,bc", "a..b->a", "ab->c", "a1->a", "......->"])
    func refusals(_ text: String) {
        #expect(throws: OperatorError.self) { try TensorFlowCase.make("Einsum", inputs: 1, ["equation": .string(text)]) }
    }

    @Test("adjoint operands are transposed conjugates")
    func adjoint() throws {
        typealias Number = Complex<Float>
        let x = Tensor([Number(1, 1), Number(0, 2)], shape: [1, 2, 1]), y = Tensor([Number(1, 0), Number(0, 1)], shape: [1, 2, 1])
        let result = try TensorFlowCase.run("BatchMatMulV2", [x, y], ["adj_x": .integer(1)])[0]
        #expect(result.values(Number.self) == [Number(3, -1)])
    }

    @Test("8-bit integers make sums of 32 bits")
    func mixedTypes() throws {
        let x = Tensor([100, -100] as [Int8], shape: [1, 1, 2]), y = Tensor([200, 100] as [UInt8], shape: [1, 2, 1])
        let result = try TensorFlowCase.run("BatchMatMulV3", [x, y], ["Tout": TensorFlowCase.type(.int32)])[0]
        #expect(result.values(Int32.self) == [10000])
    }
}
