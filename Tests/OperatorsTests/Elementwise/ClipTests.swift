import GraphIR
import Operators
import Tensors
import Testing

@Suite("Clip")
struct ClipTests {
    @Test("limits to attributes in old versions")
    func attributes() throws {
        let op = try makeOperator(
            "Clip", in: ElementwiseOperators.spellings, version: 6, attributes: ["min": .float(-1), "max": .float(2)])
        for type in [ElementType.float32, .float64, .float16] {
            let x = Tensor([-3, -1, 0.5, 2, 7, .nan, .infinity, -.infinity], type, [8])
            for (isa, outputs) in try evaluateOnEveryLevel(op, [x]) {
                expectNumbers(outputs[0], [-1, -1, 0.5, 2, 2, .nan, 2, -1], "\(type) \(isa.name)")
            }
        }
    }

    @Test("limits to inputs, constant or not, and leaves out what is absent")
    func inputs() throws {
        let op = try makeOperator("Clip", in: ElementwiseOperators.spellings, version: 13, inputs: 3)
        for type in [ElementType.float32, .float64, .float16, .bfloat16, .int8, .int16, .int32, .int64] {
            let x = Tensor([-5, -1, 0, 3, 9], type, [5]), low = Tensor([-2], type, []), high = Tensor([4], type, [])
            for constants in [[], [1, 2]] as [Set<Int>] {
                #expect(try evaluate(op, [x, low, high], constants: constants)[0].numbers == [-2, -1, 0, 3, 4])
                #expect(try evaluate(op, [x, low, nil], constants: constants)[0].numbers == [-2, -1, 0, 3, 9])
                #expect(try evaluate(op, [x, nil, high], constants: constants)[0].numbers == [-5, -1, 0, 3, 4])
                #expect(try evaluate(op, [x], constants: constants)[0].numbers == [-5, -1, 0, 3, 9])
                #expect(try evaluate(op, [x, high, low], constants: constants)[0].numbers == [-2, -2, -2, -2, -2])
            }
        }
    }

    @Test("an absent bound is the end of the type's range", arguments: [ElementType.float32, .float64, .float16])
    func ends(_ type: ElementType) throws {
        let op = try makeOperator("Clip", in: ElementwiseOperators.spellings, version: 13)
        let end: Double =
            type == .float16 ? 65504 : type == .float32 ? Double(Float.greatestFiniteMagnitude) : .greatestFiniteMagnitude
        expectNumbers(try evaluate(op, [Tensor([.infinity, -.infinity, .nan], type, [3])])[0], [end, -end, .nan])
    }

    @Test("refuses bounds that are not scalars or of another type")
    func refusals() throws {
        let op = try makeOperator("Clip", in: ElementwiseOperators.spellings, version: 13, inputs: 3)
        let x = Tensor([1, 2] as [Float], shape: [2])
        #expect(throws: OperatorError.self) { try evaluate(op, [x, x]) }
        #expect(throws: OperatorError.self) { try evaluate(op, [x, Tensor(scalar: 1 as Double)]) }
    }
}
