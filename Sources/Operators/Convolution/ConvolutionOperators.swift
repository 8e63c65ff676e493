package import GraphIR

/// Convolutions.
package enum ConvolutionOperators {
    package static let spellings: [OperatorSpelling] =
        [
            .onnx("Conv") { attributes throws(OperatorError) in try Conv(attributes) },
            .onnx("ConvTranspose") { attributes throws(OperatorError) in try ConvTranspose(attributes) },
            .onnx("DeformConv", since: 19) { attributes throws(OperatorError) in try DeformConv(attributes) },
        ] + FilterConvolutionOperators.spellings
}
