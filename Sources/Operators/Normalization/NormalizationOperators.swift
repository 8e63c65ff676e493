package import GraphIR

/// Normalisations.
package enum NormalizationOperators {
    package static let spellings: [OperatorSpelling] = [
        .onnx("BatchNormalization") { attributes throws(OperatorError) in try BatchNormalization(attributes) },
        .onnx("LayerNormalization", since: 17) { attributes throws(OperatorError) in
            try LayerNormalization(attributes, centres: true)
        },
        .onnx("RMSNormalization", since: 23) { attributes throws(OperatorError) in
            try LayerNormalization(attributes, centres: false)
        },
        .onnx("InstanceNormalization") { attributes throws(OperatorError) in try GroupNormalization.instance(attributes) },
        .onnx("GroupNormalization", since: 18) { attributes throws(OperatorError) in try GroupNormalization.group(attributes) },
        .onnx("LRN") { attributes throws(OperatorError) in try LocalResponseNormalization(attributes) },
        .onnx("MeanVarianceNormalization") { attributes throws(OperatorError) in try MeanVarianceNormalization(attributes) },
    ]
}
