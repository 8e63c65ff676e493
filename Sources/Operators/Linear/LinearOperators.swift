package import GraphIR

/// Matrix products.
package enum LinearOperators {
    package static let spellings: [OperatorSpelling] = [
        .onnx("MatMul") { _ in MatMul() },
        .onnx("Gemm") { attributes throws(OperatorError) in try Gemm(attributes) },
    ]
}
