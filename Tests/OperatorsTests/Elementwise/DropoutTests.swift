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

    /// Numbers of NumPy's `RandomState(0)`: 0.5488, 0.7152, 0.6028, 0.5449, 0.4237.
    @Test("drops by a seed in training, when the mode says so")
    func seeded() throws {
        let op = try makeOperator(
            "Dropout", in: ElementwiseOperators.spellings, version: 22, inputs: 3, outputs: 2, attributes: ["seed": .integer(0)])
        let data = Tensor([1, 2, 3, 4, 5] as [Float], shape: [5]), ratio = Tensor(scalar: 0.6 as Float)
        let outputs = try evaluate(op, [data, ratio, Tensor(scalar: true)], outputs: 2)
        expectNumbers(outputs[0], [0, 5, 7.5, 0, 0], relative: 1e-6)
        expectNumbers(outputs[1], [0, 1, 1, 0, 0])
        #expect(try evaluate(op, [data, ratio, Tensor(scalar: false)], outputs: 2)[0].numbers == [1, 2, 3, 4, 5])
    }

    private func isUnsupported(_ error: any Error) -> Bool {
        (error as? OperatorError)?.isUnsupported == true
    }
}
