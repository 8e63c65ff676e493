import GraphIR
import Operators
import Tensors
import Testing

@Suite("Dropout")
struct DropoutTests {
    let x = Tensor([1, -2, 3] as [Float], shape: [3])

    @Test("passes its input through, with a mask of trues when asked", arguments: [7, 10, 12, 22])
    func inference(_ version: Int) throws {
        let plain = try makeOperator("Dropout", in: ElementwiseOperators.spellings, version: version)
        #expect(try evaluate(plain, [x])[0].numbers == [1, -2, 3])
        let masked = try makeOperator("Dropout", in: ElementwiseOperators.spellings, version: version, outputs: 2)
        let outputs = try evaluate(masked, [x], outputs: 2)
        #expect(outputs[0].numbers == [1, -2, 3])
        #expect(outputs[1].numbers == [1, 1, 1])
        #expect(outputs[1].elementType == (version >= 10 ? .bool : .float32))
    }

    @Test("reports training as unsupported, known at load or found when it runs")
    func training() throws {
        let op = try makeOperator("Dropout", in: ElementwiseOperators.spellings, version: 13, inputs: 3)
        let ratio = Tensor(scalar: 0.5 as Float)
        for constants in [[2], []] as [Set<Int>] {
            #expect { try evaluate(op, [x, ratio, Tensor(scalar: true)], constants: constants) } throws: { isUnsupported($0) }
        }
        #expect(try evaluate(op, [x, ratio, Tensor(scalar: false)])[0].numbers == [1, -2, 3])
        for constants in [[], [1, 2]] as [Set<Int>] {
            let nothing = Tensor(scalar: 0 as Float)
            #expect(try evaluate(op, [x, nothing, Tensor(scalar: true)], constants: constants)[0].numbers == [1, -2, 3])
            #expect { try evaluate(op, [x, nil, Tensor(scalar: true)], constants: constants) } throws: { isUnsupported($0) }
        }
        #expect(throws: OperatorError.self) { try makeOperator("Dropout", in: ElementwiseOperators.spellings, version: 6) }
    }

    private func isUnsupported(_ error: any Error) -> Bool {
        (error as? OperatorError)?.isUnsupported == true
    }
}
