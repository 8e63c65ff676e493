import GraphIR
import Operators
import Tensors
import Testing

@Suite("Counting")
struct CountingTests {
    @Test("bins count or weigh what occurs, and leave out what is too large")
    func bincount() throws {
        let values = Tensor([0, 1, 1, 9] as [Int32], shape: [2, 2]), size = Tensor(scalar: Int32(3))
        let none = Tensor([] as [Float], shape: [0]), weights = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
        expectNumbers(try TensorFlowCase.run("Bincount", [values, size, none])[0], [1, 2, 0])
        expectNumbers(try TensorFlowCase.run("DenseBincount", [values, size, weights])[0], [1, 2, 0, 0, 3, 0])
        expectNumbers(
            try TensorFlowCase.run("DenseBincount", [values, size, none], ["binary_output": .integer(1)])[0], [1, 1, 0, 0, 1, 0])
    }

    @Test("bins refuse numbers below 0, sizes that do not fit, and weights of another shape")
    func bincountRefusals() {
        let none = Tensor([] as [Float], shape: [0]), values = Tensor([0, 1] as [Int64], shape: [2])
        let refused: [(Tensor, Int64, Tensor)] = [
            (Tensor([-1] as [Int64], shape: [1]), 3, none), (values, -1, none), (values, 1 << 60, none),
            (values, 3, Tensor([1] as [Float], shape: [1])),
        ]
        for (values, size, weights) in refused {
            #expect(throws: OperatorError.self) {
                try TensorFlowCase.run("DenseBincount", [values, Tensor(scalar: size), weights])
            }
        }
    }

    @Test("a histogram counts outliers at its ends and refuses what has no place")
    func histogram() throws {
        let range = Tensor([0, 5] as [Float], shape: [2]), parts = Tensor(scalar: Int32(5))
        let values = Tensor([-1, 0, 1.5, .infinity, 5, 15] as [Float], shape: [6])
        expectNumbers(try TensorFlowCase.run("HistogramFixedWidth", [values, range, parts])[0], [2, 1, 0, 0, 3])
        let refused: [(Tensor, Tensor, Int32)] = [
            (Tensor([.nan] as [Float], shape: [1]), range, 5), (values, Tensor([5, 5] as [Float], shape: [2]), 5), (values, range, 0),
        ]
        for (values, range, parts) in refused {
            #expect(throws: OperatorError.self) {
                try TensorFlowCase.run("HistogramFixedWidth", [values, range, Tensor(scalar: parts)])
            }
        }
    }

    @Test("a number at a boundary lies above it")
    func bucketize() throws {
        let values = Tensor([-5, 0, 9.5, 10, .nan] as [Float], shape: [5])
        expectNumbers(try TensorFlowCase.run("Bucketize", [values], ["boundaries": .floats([0, 10])])[0], [0, 1, 1, 2, 2])
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.make("Bucketize", inputs: 1, ["boundaries": .floats([10, 0])])
        }
    }
}
