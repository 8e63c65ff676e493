import GraphIR
import Operators
import Tensors
import Testing

@Suite("Diagonals of matrices")
struct DiagonalTests {
    private func list(_ values: Int32...) -> Tensor { Tensor(values, shape: [values.count]) }

    @Test(
        "shorter ones stand at the end that the alignment names",
        arguments: [
            ("RIGHT_LEFT", [0, 2, 1, 5, 4, 0] as [Double]), ("LEFT_RIGHT", [2, 0, 1, 5, 0, 4]), ("LEFT_LEFT", [2, 0, 1, 5, 4, 0]),
            ("RIGHT_RIGHT", [0, 2, 1, 5, 0, 4]),
        ])
    func alignment(_ name: String, _ expected: [Double]) throws {
        let matrix = Tensor([1, 2, 4, 5] as [Float], shape: [2, 2])
        let result = try TensorFlowCase.run(
            "MatrixDiagPartV3", [matrix, list(-1, 1), Tensor(scalar: Float(0))], ["align": .string(name)])[0]
        #expect(result.shape == [3, 2])
        #expect(result.numbers == expected)
        let back = try TensorFlowCase.run(
            "MatrixDiagV3", [result, list(-1, 1), list(-1), list(-1), Tensor(scalar: Float(9))], ["align": .string(name)])[0]
        #expect(back.numbers == [1, 2, 4, 5])
    }

    @Test("refuse those outside the matrix, and matrices that are too small")
    func refusals() {
        let matrix = Tensor([1, 2, 4, 5] as [Float], shape: [2, 2]), zero = Tensor(scalar: Float(0))
        expectRefusal(["diagonal 2"]) { _ = try TensorFlowCase.run("MatrixDiagPartV3", [matrix, list(2), zero]) }
        expectRefusal(["diagonals"]) { _ = try TensorFlowCase.run("MatrixDiagPartV3", [matrix, list(1, 0), zero]) }
        expectRefusal(["rows"]) {
            _ = try TensorFlowCase.run("MatrixDiagV3", [Tensor([1, 2] as [Float], shape: [2]), list(0), list(1), list(1), zero])
        }
    }

    @Test("bands are kept by their widths; a width below 0 keeps all")
    func bandPart() throws {
        let matrix = Tensor((1...9).map(Float.init), shape: [3, 3])
        func run(_ below: Int64, _ above: Int64) throws -> [Double] {
            try TensorFlowCase.run("MatrixBandPart", [matrix, Tensor(scalar: below), Tensor(scalar: above)])[0].numbers
        }
        #expect(try run(0, 0) == [1, 0, 0, 0, 5, 0, 0, 0, 9])
        #expect(try run(-1, 0) == [1, 0, 0, 4, 5, 0, 7, 8, 9])
        #expect(try run(1, -1) == [1, 2, 3, 4, 5, 6, 0, 8, 9])
    }
}
