package import GraphIR

/// Matrix products.
package enum LinearOperators {
    package static let spellings: [OperatorSpelling] =
        [.onnx("Gemm") { attributes throws(OperatorError) in try Gemm(attributes) }] + BatchMatMul.spellings + Einsum.spellings
}
