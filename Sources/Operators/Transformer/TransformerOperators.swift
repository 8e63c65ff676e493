package import GraphIR
import Tensors

/// Operators that onnxruntime's optimizer and exporters write in place of several standard ones.
package enum TransformerOperators {
    package static let spellings: [OperatorSpelling] = products + activations + normalizations + attentions + others

    private static let domain = "com.microsoft"

    private static func spelling(
        _ name: String, make: @escaping @Sendable (AttributeReader) throws(OperatorError) -> any Operator
    ) -> OperatorSpelling {
        .onnx(name, domain: domain, make: make)
    }

    private static let products: [OperatorSpelling] = [
        spelling("FusedMatMul") { reader throws(OperatorError) in try FusedAttributes.product(reader) },
        spelling("TransposeMatMul") { reader throws(OperatorError) in try FusedAttributes.product(reader) },
        spelling("FusedMatMulActivation") { reader throws(OperatorError) in
            ActivatedOperator.make(
                "FusedMatMulActivation", try FusedAttributes.product(reader), try FusedAttributes.productActivation(reader),
                weights: [1])
        },
        spelling("FusedGemm") { reader throws(OperatorError) in
            ActivatedOperator.make("FusedGemm", try Gemm(reader), try FusedAttributes.productActivation(reader), weights: [1])
        },
        spelling("GemmFastGelu") { _ in
            var product = Linear()
            product.activation = .geluByTanh
            return product
        },
        spelling("FusedConv") { reader throws(OperatorError) in
            var convolution = try Conv(reader)
            convolution.activation = try FusedAttributes.convolutionActivation(reader)
            return convolution
        },
        spelling("MatMulNBits") { reader throws(OperatorError) in try BlockQuantizedProduct(reader) },
    ]

    private static let activations: [OperatorSpelling] = [
        spelling("Gelu") { _ in Activation(.gelu(approximated: false)) },
        spelling("FastGelu") { reader throws(OperatorError) in
            let function = Activation.Function.gelu(approximated: true)
            guard FusedAttributes.has(1, reader) else { return Activation(function) }
            return ActivatedOperator(name: "FastGelu", base: BiasAdd(layout: .channelsLast), function: function)
        },
        spelling("BiasGelu") { _ in
            ActivatedOperator(name: "BiasGelu", base: BiasAdd(layout: .channelsLast), function: .gelu(approximated: false))
        },
        spelling("QuickGelu") { reader throws(OperatorError) in
            Activation(.swish(alpha: try reader.float("alpha", default: 1.702)))
        },
        spelling("BiasSplitGelu") { _ in BiasSplitGelu() },
    ]

    private static let normalizations: [OperatorSpelling] = [
        spelling("LayerNormalization") { reader throws(OperatorError) in try LayerNormalization(reader, centres: true) },
        spelling("SimplifiedLayerNormalization") { reader throws(OperatorError) in
            try LayerNormalization(reader, centres: false)
        },
        // The one that onnxruntime writes into the default domain.
        .onnx("SimplifiedLayerNormalization") { reader throws(OperatorError) in try LayerNormalization(reader, centres: false) },
        spelling("SkipLayerNormalization") { reader throws(OperatorError) in try SkipNormalization(reader, centres: true) },
        spelling("SkipSimplifiedLayerNormalization") { reader throws(OperatorError) in
            try SkipNormalization(reader, centres: false)
        },
        spelling("EmbedLayerNormalization") { reader throws(OperatorError) in try EmbedLayerNormalization(reader) },
        spelling("QEmbedLayerNormalization") { reader throws(OperatorError) in
            try EmbedLayerNormalization(reader, isQuantized: true)
        },
        spelling("GroupNorm") { reader throws(OperatorError) in try ContribGroupNorm(reader) },
    ]

    private static let attentions: [OperatorSpelling] = [
        spelling("Attention") { reader throws(OperatorError) in try ProjectedAttention(reader) },
        spelling("QAttention") { reader throws(OperatorError) in try ProjectedAttention(reader, isQuantized: true) },
        spelling("MultiHeadAttention") { reader throws(OperatorError) in try MultiHeadAttention(reader) },
        spelling("GroupQueryAttention") { reader throws(OperatorError) in try GroupQueryAttention(reader) },
        spelling("RotaryEmbedding") { reader throws(OperatorError) in try ContribRotaryEmbedding(reader) },
        spelling("RelativePositionBias") { reader throws(OperatorError) in try RelativePositionBias(reader) },
    ]

    private static let others: [OperatorSpelling] = [
        spelling("Inverse") { _ in MatrixInverse() },
        spelling("CDist") { reader throws(OperatorError) in PairDistance(metric: try reader.choice("metric", default: .square)) },
        spelling("GatherND") { _ in GatherND() },
        spelling("Pad") { reader throws(OperatorError) in Pad(mode: try reader.choice("mode", default: .constant)) },
        spelling("Unique") { _ in Distinct(counts: true, indexType: .int64) },
        spelling("Trilu") { reader throws(OperatorError) in Trilu(keepsUpper: try reader.flag("upper", default: true)) },
        spelling("NGramRepeatBlock") { reader throws(OperatorError) in try NGramRepeatBlock(reader) },
        spelling("NhwcMaxPool") { reader throws(OperatorError) in
            // The checks of pads and window are those of the standard operator.
            let attributes = try PoolingAttributes(reader)
            if attributes.roundsUp { throw .unsupported("NhwcMaxPool with ceil_mode") }
            _ = try attributes.window(axes: 2)
            return ChannelsLastPool(name: "NhwcMaxPool", function: .maximum, rank: 4, window: attributes.window)
        },
    ]
}
