import GraphIR
import Operators
import Tensors
import Testing

@Suite("MatMul")
struct MatMulTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let a: [Int], b: [Int]
        init(_ a: [Int], _ b: [Int]) { (self.a, self.b) = (a, b) }
        var testDescription: String { "\(a)·\(b)" }
    }

    static let cases = [
        Case([3, 4], [4, 5]), Case([1, 1], [1, 1]), Case([4], [4]), Case([4], [4, 3]), Case([3, 4], [4]),
        Case([2, 3, 4], [4, 5]), Case([2, 3, 4], [2, 4, 5]), Case([2, 1, 3, 4], [5, 4, 2]), Case([1, 3, 4], [6, 4, 2]),
        Case([6, 3, 4], [1, 4, 2]), Case([4], [3, 4, 2]), Case([3, 2, 4], [4]), Case([2, 3, 1, 4], [2, 1, 4, 2]),
        Case([0, 4], [4, 3]), Case([3, 0], [0, 2]), Case([3, 4], [4, 0]), Case([2, 3, 0], [2, 0, 2]),
        Case([0, 3, 4], [0, 4, 2]),
        Case([1, 33], [33, 65]), Case([17, 31], [31, 33]), Case([40, 300], [300, 47]),
    ]

    @Test("multiplies as numpy.matmul does, on every level", arguments: cases)
    func multiplies(_ item: Case) throws {
        let a = SampleData.floats(Shape(item.a), seed: 1), b = SampleData.floats(Shape(item.b), seed: 2)
        let expected = ProductReference.matmul(a.numbers, item.a, b.numbers, item.b)
        for constants: Set<Int> in [[], [1]] {
            for (isa, outputs) in try evaluateOnEveryLevel(MatMul(), [a, b], constants: constants) {
                expectClose(
                    outputs[0], expected.values, shape: expected.shape, scale: Double(item.b[0]), "\(isa.name) \(constants)")
            }
        }
    }

    @Test("multiplies float64 and integers", arguments: cases)
    func otherTypes(_ item: Case) throws {
        let a = SampleData.doubles(Shape(item.a), seed: 1), b = SampleData.doubles(Shape(item.b), seed: 2)
        let expected = ProductReference.matmul(a.numbers, item.a, b.numbers, item.b)
        expectClose(try evaluate(MatMul(), [a, b])[0], expected.values, shape: expected.shape, scale: Double(item.b[0]))

        let ia = a.numbers.map { Int32($0 * 100) }, ib = b.numbers.map { Int32($0 * 100) }
        let whole = ProductReference.matmul(ia.map(Double.init), item.a, ib.map(Double.init), item.b)
        let result = try evaluate(MatMul(), [Tensor(ia, shape: Shape(item.a)), Tensor(ib, shape: Shape(item.b))])[0]
        #expect(result.values(Int32.self) == whole.values.map { Int32($0) })
    }

    @Test("refuses what cannot be multiplied and says why")
    func refuses() {
        func infer(_ a: TensorType, _ b: TensorType) throws {
            _ = try MatMul().infer(OperatorInputs([ValueFact(a), ValueFact(b)]))
        }
        func type(_ extents: [Int], _ element: ElementType = .float32) -> TensorType {
            TensorType(element, SymbolicShape(Shape(extents)))
        }
        expectRefusal(["input 1", "4 columns meet 5 rows"]) { try infer(type([3, 4]), type([5, 2])) }
        expectRefusal(["input 1", "do not broadcast"]) { try infer(type([2, 3, 4]), type([3, 4, 2])) }
        expectRefusal(["input 0", "scalar"]) { try infer(type([]), type([5, 2])) }
        expectRefusal(["input 1", "float64", "float32"]) { try infer(type([3, 4]), type([4, 2], .float64)) }
        expectRefusal(["input 0", "int8"]) { try infer(type([3, 4], .int8), type([4, 2], .int8)) }
        expectRefusal(["1 inputs", "2"]) { _ = try MatMul().infer(OperatorInputs([ValueFact(type([3, 4]))])) }
    }

    @Test("keeps symbols through leading axes")
    func symbols() throws {
        let a = TensorType(.float32, SymbolicShape([.symbol("batch"), .symbol("time"), .known(8)]))
        let b = TensorType(.float32, SymbolicShape(Shape([8, 5])))
        let result = try MatMul().infer(OperatorInputs([ValueFact(a), ValueFact(b)]))
        #expect(result[0].shape == SymbolicShape([.symbol("batch"), .symbol("time"), .known(5)]))
    }
}
