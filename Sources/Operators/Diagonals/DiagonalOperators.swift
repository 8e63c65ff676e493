package import GraphIR

/// Operators on the diagonals of matrices.
package enum DiagonalOperators {
    package static let spellings: [OperatorSpelling] =
        [
            .tensorFlow("Diag") { _ throws(OperatorError) in Diagonal() },
            .tensorFlow("DiagPart") { _ throws(OperatorError) in DiagonalPart() },
            .tensorFlow("MatrixDiagV2") { _ throws(OperatorError) in MatrixDiagonal(takesBand: true) },
            .tensorFlow("MatrixDiagV3") { reader throws(OperatorError) in
                MatrixDiagonal(takesBand: true, alignment: try reader.choice("align", default: .rightLeft))
            },
            .tensorFlow("MatrixDiagPartV2") { _ throws(OperatorError) in MatrixDiagonalPart(takesBand: true) },
            .tensorFlow("MatrixDiagPartV3") { reader throws(OperatorError) in
                MatrixDiagonalPart(takesBand: true, alignment: try reader.choice("align", default: .rightLeft))
            },
            .tensorFlow("MatrixSetDiagV2") { _ throws(OperatorError) in MatrixSetDiagonal(takesBand: true) },
            .tensorFlow("MatrixSetDiagV3") { reader throws(OperatorError) in
                MatrixSetDiagonal(takesBand: true, alignment: try reader.choice("align", default: .rightLeft))
            },
        ] + ["", "Batch"].flatMap(main)

    /// The operators of one diagonal, which have had another name.
    private static func main(_ prefix: String) -> [OperatorSpelling] {
        [
            .tensorFlow(prefix + "MatrixDiag") { _ throws(OperatorError) in MatrixDiagonal() },
            .tensorFlow(prefix + "MatrixDiagPart") { _ throws(OperatorError) in MatrixDiagonalPart() },
            .tensorFlow(prefix + "MatrixSetDiag") { _ throws(OperatorError) in MatrixSetDiagonal() },
            .tensorFlow(prefix + "MatrixBandPart") { _ throws(OperatorError) in MatrixBandPart() },
        ]
    }
}
