package import GraphIR

/// Reductions over windows and planes.
package enum PoolingOperators {
    package static let spellings: [OperatorSpelling] = windows + ChannelsLastPoolOperators.spellings

    private static let windows: [OperatorSpelling] = [
        .onnx("MaxPool") { attributes throws(OperatorError) in try MaxPool(attributes) },
        .onnx("MaxUnpool", since: 9) { attributes throws(OperatorError) in try MaxUnpool(attributes) },
        .onnx("AveragePool") { attributes throws(OperatorError) in try AveragePool(attributes) },
        .onnx("MaxRoiPool") { attributes throws(OperatorError) in try RegionPool(attributes) },
        .onnx("LpPool") { attributes throws(OperatorError) in try LpPool(attributes, isGlobal: false) },
        .onnx("GlobalAveragePool") { _ in GlobalPool(.average) },
        .onnx("GlobalMaxPool") { _ in GlobalPool(.maximum) },
        .onnx("GlobalLpPool") { attributes throws(OperatorError) in try LpPool(attributes, isGlobal: true) },
    ]
}
