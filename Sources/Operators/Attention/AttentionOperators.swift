package import GraphIR

/// What transformers are made of beside products and normalisations.
package enum AttentionOperators {
    package static let spellings: [OperatorSpelling] = [
        .onnx("Attention", since: 23) { reader throws(OperatorError) in try Attention(reader) },
        .onnx("RotaryEmbedding", since: 23) { reader throws(OperatorError) in try RotaryEmbedding(reader) },
        .onnx("TensorScatter", since: 24) { reader throws(OperatorError) in try TensorScatter(reader) },
    ]
}
