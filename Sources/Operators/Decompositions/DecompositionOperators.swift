package import GraphIR
import Tensors

/// Operators that solve, decompose and measure matrices.
package enum DecompositionOperators {
    package static let spellings: [OperatorSpelling] =
        [
            .onnx("Det", since: 11) { _ throws(OperatorError) in Determinant() },
            .tensorFlow("Cross") { _ throws(OperatorError) in Cross() },
            .tensorFlow("LogMatrixDeterminant") { _ throws(OperatorError) in Determinant(isLogarithmic: true) },
            .tensorFlow("MatrixSquareRoot") { _ throws(OperatorError) in MatrixFunction(function: .squareRoot) },
            .tensorFlow("MatrixLogarithm") { _ throws(OperatorError) in MatrixFunction(function: .logarithm) },
            .tensorFlow("BandedTriangularSolve") { reader throws(OperatorError) in
                try triangular(reader, isBanded: true)
            },
            .tensorFlow("TridiagonalSolve") { reader throws(OperatorError) in
                if try reader.flag("perturb_singular", default: false) { throw .unsupported("perturb_singular") }
                return TridiagonalSolve(pivots: try reader.flag("partial_pivoting", default: true))
            },
            .tensorFlow("TridiagonalMatMul") { _ throws(OperatorError) in TridiagonalProduct() },
            .tensorFlow("Lu") { reader throws(OperatorError) in
                LUFactors(indexType: try reader.elementType("output_idx_type", default: .int32, of: [.int32, .int64]))
            },
            .tensorFlow("Qr") { reader throws(OperatorError) in QRFactors(isFull: try reader.flag("full_matrices", default: false)) },
            .tensorFlow("Eig") { reader throws(OperatorError) in
                guard let type = try reader.elementType("Tout") else { throw .invalidAttribute(name: "Tout", reason: "is missing") }
                return Eigenvalues(wantsVectors: try reader.flag("compute_v", default: true), resultType: type)
            },
        ] + ["", "Batch"].flatMap(renamed)

    /// Operators that have had another name.
    private static func renamed(_ prefix: String) -> [OperatorSpelling] {
        [
            .tensorFlow(prefix + "Cholesky") { _ throws(OperatorError) in Cholesky() },
            .tensorFlow(prefix + "MatrixInverse") { reader throws(OperatorError) in
                MatrixInverse(adjoint: try reader.flag("adjoint", default: false))
            },
            .tensorFlow(prefix + "MatrixSolve") { reader throws(OperatorError) in
                MatrixSolve(adjoint: try reader.flag("adjoint", default: false))
            },
            .tensorFlow(prefix + "MatrixSolveLs") { reader throws(OperatorError) in
                LeastSquares(isFast: try reader.flag("fast", default: true))
            },
            .tensorFlow(prefix + "MatrixTriangularSolve") { reader throws(OperatorError) in
                try triangular(reader, isBanded: false)
            },
            .tensorFlow(prefix + "MatrixDeterminant") { _ throws(OperatorError) in Determinant() },
            .tensorFlow(prefix + "SelfAdjointEigV2") { reader throws(OperatorError) in
                SelfAdjointEigenvalues(wantsVectors: try reader.flag("compute_v", default: true))
            },
            .tensorFlow(prefix + "Svd") { reader throws(OperatorError) in
                SingularValues(
                    wantsVectors: try reader.flag("compute_uv", default: true), isFull: try reader.flag("full_matrices", default: false))
            },
        ]
    }

    private static func triangular(_ reader: AttributeReader, isBanded: Bool) throws(OperatorError) -> TriangularSolve {
        TriangularSolve(
            lower: try reader.flag("lower", default: true), adjoint: try reader.flag("adjoint", default: false), isBanded: isBanded)
    }
}
