import GraphIR
import Operators
import Tensors
import Testing

@Suite("Solvers and decompositions")
struct DecompositionTests {
    private func matrix(_ values: [Double], _ rows: Int, _ columns: Int) -> Tensor { Tensor(values, shape: [rows, columns]) }

    private func expectNear(_ tensor: Tensor, _ expected: [Double], _ tolerance: Double = 1e-9) {
        #expect(tensor.numbers.count == expected.count)
        for (found, wanted) in zip(tensor.numbers, expected) { #expect(abs(found - wanted) < tolerance, "\(tensor.numbers)") }
    }

    @Test("solve, invert and measure")
    func solving() throws {
        let a = matrix([2, 1, 0, 4], 2, 2), b = matrix([4, 8], 2, 1)
        expectNear(try TensorFlowCase.run("MatrixSolve", [a, b])[0], [1, 2])
        expectNear(try TensorFlowCase.run("MatrixSolve", [a, b], ["adjoint": .integer(1)])[0], [2, 1.5])
        expectNear(try TensorFlowCase.run("MatrixInverse", [a])[0], [0.5, -0.125, 0, 0.25])
        expectNear(try TensorFlowCase.run("MatrixDeterminant", [a])[0], [8])
        let parts = try TensorFlowCase.run("LogMatrixDeterminant", [matrix([0, 1, 1, 0], 2, 2)], outputs: 2)
        expectNear(parts[0], [-1])
        expectNear(parts[1], [0])
        #expect(try TensorFlowCase.run("MatrixDeterminant", [Tensor([] as [Double], shape: [2, 0, 0])])[0].numbers == [1, 1])
    }

    @Test("refuse matrices without an inverse", arguments: ["MatrixInverse", "Lu"])
    func singular(_ name: String) {
        expectRefusal(["not invertible"]) {
            _ = try TensorFlowCase.run(name, [matrix([1, 2, 2, 4], 2, 2)], outputs: name == "Lu" ? 2 : 1)
        }
    }

    @Test("a matrix that is not positive definite has no Cholesky factor")
    func cholesky() throws {
        expectNear(try TensorFlowCase.run("Cholesky", [matrix([4, 99, 2, 5], 2, 2)])[0], [2, 0, 1, 2])
        #expect(try TensorFlowCase.run("Cholesky", [matrix([1, 0, 2, 1], 2, 2)])[0].numbers[0].isNaN)
    }

    @Test("factors multiply to the matrix")
    func factors() throws {
        let a = matrix([1, 2, 3, 4, 5, 7], 2, 3)
        let qr = try TensorFlowCase.run("Qr", [a], outputs: 2)
        expectNear(try TensorFlowCase.run("BatchMatMulV2", qr)[0], a.numbers)
        let svd = try TensorFlowCase.run("Svd", [a], outputs: 3)
        let scaled = try TensorFlowCase.run("Einsum", [svd[1], svd[0]], ["equation": .string("ij,j->ij")])
        expectNear(try TensorFlowCase.run("BatchMatMulV2", [scaled[0], svd[2]], ["adj_y": .integer(1)])[0], a.numbers)
        let lu = try TensorFlowCase.run("Lu", [matrix([0, 2, 1, 1], 2, 2)], outputs: 2)
        expectNear(lu[0], [1, 1, 0, 2])
        #expect(lu[1].numbers == [1, 0])
    }

    @Test("a matrix with an infinity gives NaN, and in time", arguments: ["Svd", "SelfAdjointEigV2", "Eig", "MatrixSquareRoot"])
    func infinities(_ name: String) throws {
        let outputs = name == "Svd" ? 3 : name == "MatrixSquareRoot" ? 1 : 2
        let result = try TensorFlowCase.run(
            name, [matrix([.infinity, 1, 1, 2], 2, 2)], outputs: outputs, ["Tout": TensorFlowCase.type(.complex128)])[0]
        let first = result.elementType.isComplex ? result.values(Complex<Double>.self)[0].real : result.numbers[0]
        #expect(first.isNaN)
    }

    @Test("roots of matrices multiply to the matrix, and logarithms have them as halves")
    func functions() throws {
        let a = matrix([4, 1, 1, 3], 2, 2)
        let root = try TensorFlowCase.run("MatrixSquareRoot", [a])[0]
        expectNear(try TensorFlowCase.run("BatchMatMulV2", [root, root])[0], a.numbers)
        #expect(try TensorFlowCase.run("MatrixSquareRoot", [matrix([-1, 0, 0, 1], 2, 2)])[0].numbers[0].isNaN)
        typealias Number = Complex<Double>
        let diagonal = Tensor([Number(1), Number(0), Number(0), Number(2.718281828459045)], shape: [2, 2])
        let logarithm = try TensorFlowCase.run("MatrixLogarithm", [diagonal])[0].values(Number.self)
        #expect(abs(logarithm[3].real - 1) < 1e-12 && abs(logarithm[0].real) < 1e-12)
    }

    @Test("bands and three diagonals are solved")
    func bands() throws {
        let bands = matrix([2, 3, 4, 5, 0.5, 0.25], 2, 3), b = matrix([1, 2, 3], 3, 1)
        expectNear(try TensorFlowCase.run("BandedTriangularSolve", [bands, b])[0], [0.5, 0.5833333333333334, 0.7135416666666666])
        let diagonals = matrix([1, 1, 0, 0, 0, 1, 0, 1, 1], 3, 3)
        expectNear(try TensorFlowCase.run("TridiagonalSolve", [diagonals, b])[0], [0, 1, 2])
        let plain = try TensorFlowCase.run("TridiagonalSolve", [diagonals, b], ["partial_pivoting": .integer(0)])[0]
        #expect(plain.numbers.allSatisfy { $0.isNaN })
    }
}
