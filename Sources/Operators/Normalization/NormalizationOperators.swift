package import GraphIR

/// Normalisations.
package enum NormalizationOperators {
    package static let spellings: [OperatorSpelling] = [
        .onnx("BatchNormalization") { attributes throws(OperatorError) in
            guard attributes.version >= 14, try attributes.flag("training_mode", default: false) else {
                return try BatchNormalization(attributes)
            }
            return try BatchStatistics(attributes)
        },
        // onnxruntime writes these into models of older opsets, too.
        .onnx("LayerNormalization", through: 16) { attributes throws(OperatorError) in
            try LayerNormalization(attributes, centres: true)
        },
        .onnx("LayerNormalization", since: 17) { attributes throws(OperatorError) in
            try LayerNormalization(attributes, centres: true)
        },
        .onnx("RMSNormalization", since: 23) { attributes throws(OperatorError) in
            try LayerNormalization(attributes, centres: false)
        },
        .onnx("InstanceNormalization") { attributes throws(OperatorError) in try GroupNormalization.instance(attributes) },
        .onnx("GroupNormalization", since: 18) { attributes throws(OperatorError) in try GroupNormalization.group(attributes) },
        .onnx("LRN") { attributes throws(OperatorError) in try LocalResponseNormalization(attributes) },
        .tensorFlow("FusedBatchNorm", make: fusedBatchNorm), .tensorFlow("FusedBatchNormV2", make: fusedBatchNorm),
        .tensorFlow("FusedBatchNormV3", make: fusedBatchNorm),
        .tensorFlow("LRN") { attributes throws(OperatorError) in try NeighbourNormalization(attributes) },
        .onnx("LpNormalization") { attributes throws(OperatorError) in try LpNormalization(attributes) },
        .onnx("MeanVarianceNormalization") { attributes throws(OperatorError) in try MeanVarianceNormalization(attributes) },
    ]

    @Sendable private static func fusedBatchNorm(_ attributes: AttributeReader) throws(OperatorError) -> any Operator {
        let op = try FusedBatchNorm(attributes)
        guard try FilterWindow.layout(attributes) == .channelsFirst else { return op }
        return ChannelsMoved(base: op, movedInputs: [0], keepsImagesApart: false)
    }
}
