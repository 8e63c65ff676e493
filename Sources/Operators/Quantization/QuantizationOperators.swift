package import GraphIR
import Tensors

/// Operators on integers that stand for real numbers.
package enum QuantizationOperators {
    package static let spellings: [OperatorSpelling] =
        conversions + simulations + functions + uniform + LinearQuantizationOperators.spellings

    private static let conversions: [OperatorSpelling] = [
        .tensorFlow("QuantizeV2") { (node) throws(OperatorError) in
            Quantize(
                target: try node.requiredType("T"), mode: try node.choice("mode", default: .minCombined),
                roundsToEven: try node.string("round_mode", default: "HALF_AWAY_FROM_ZERO") == "HALF_TO_EVEN",
                isNarrow: try node.flag("narrow_range", default: false), axis: try node.optionalAxis("axis"),
                leastRange: try node.float("ensure_minimum_range", default: 0.01))
        },
        .tensorFlow("Dequantize") { (node) throws(OperatorError) in
            Dequantize(
                target: try node.elementType("dtype", default: .float32, of: [.bfloat16, .float32]),
                mode: try node.choice("mode", default: .minCombined),
                isNarrow: try node.flag("narrow_range", default: false), axis: try node.optionalAxis("axis"))
        },
        .tensorFlow("Requantize") { (node) throws(OperatorError) in
            Requantize(target: try node.requiredType("out_type"), isGiven: true)
        },
        .tensorFlow("QuantizeDownAndShrinkRange") { (node) throws(OperatorError) in
            Requantize(target: try node.requiredType("out_type"), isGiven: false)
        },
        .tensorFlow("RequantizationRange") { _ in RequantizationRange() },
    ]

    private static let simulations: [OperatorSpelling] =
        [
            fakeQuant("FakeQuantWithMinMaxArgs") { (node) throws(OperatorError) in
                .attributes(low: try node.float("min", default: -6), high: try node.float("max", default: 6))
            },
            fakeQuant("FakeQuantWithMinMaxVars") { _ in .inputs },
            fakeQuant("FakeQuantWithMinMaxVarsPerChannel") { _ in .channels },
        ]
        + ["QuantizeAndDequantize", "QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3", "QuantizeAndDequantizeV4"].map { name in
            .tensorFlow(name) { (node) throws(OperatorError) in try quantizeAndDequantize(name, node) }
        }

    private static func fakeQuant(
        _ name: String, _ range: @escaping @Sendable (AttributeReader) throws(OperatorError) -> FakeQuant.Range
    ) -> OperatorSpelling {
        .tensorFlow(name) { (node) throws(OperatorError) in
            FakeQuant(
                range: try range(node), bits: try node.integer("num_bits", default: 8),
                isNarrow: try node.flag("narrow_range", default: false))
        }
    }

    private static func quantizeAndDequantize(_ name: String, _ node: AttributeReader) throws(OperatorError) -> any Operator {
        let isFirst = name == "QuantizeAndDequantize", isThird = name == "QuantizeAndDequantizeV3"
        var range = QuantizeAndDequantize.Range.data
        if try node.flag("range_given", default: isThird) {
            range =
                isFirst
                ? .attributes(low: try node.float("input_min", default: 0), high: try node.float("input_max", default: 0)) : .inputs
        }
        return QuantizeAndDequantize(
            name: name, range: range, isSigned: try node.flag("signed_input", default: true),
            bits: isThird ? nil : try node.integer("num_bits", default: 8),
            roundsUp: try node.string("round_mode", default: "HALF_TO_EVEN") == "HALF_UP",
            isNarrow: try node.flag("narrow_range", default: false), axis: try node.optionalAxis("axis"))
    }

    private static let functions: [OperatorSpelling] = [
        .tensorFlow("QuantizedRelu") { _ in QuantizedActivation(bound: .none) },
        .tensorFlow("QuantizedRelu6") { _ in QuantizedActivation(bound: .six) },
        .tensorFlow("QuantizedReluX") { _ in QuantizedActivation(bound: .input) },
        .tensorFlow("QuantizedAdd") { _ in QuantizedArithmetic(function: .add) },
        .tensorFlow("QuantizedMul") { _ in QuantizedArithmetic(function: .multiply) },
        .tensorFlow("QuantizedBiasAdd") { _ in QuantizedArithmetic(function: .addBias) },
        .tensorFlow("QuantizedMatMul") { (node) throws(OperatorError) in
            let transposesFirst = try node.flag("transpose_a", default: false)
            return QuantizedMatMul(transposesFirst: transposesFirst, transposesSecond: try node.flag("transpose_b", default: false))
        },
        .tensorFlow("QuantizedConv2D") { (node) throws(OperatorError) in QuantizedConv2D(window: try QuantizedWindow(node)) },
        .tensorFlow("QuantizedMaxPool") { (node) throws(OperatorError) in
            QuantizedPool(isMaximum: true, size: try QuantizedWindow.pair(node, "ksize"), window: try QuantizedWindow(node))
        },
        .tensorFlow("QuantizedAvgPool") { (node) throws(OperatorError) in
            QuantizedPool(isMaximum: false, size: try QuantizedWindow.pair(node, "ksize"), window: try QuantizedWindow(node))
        },
        .tensorFlow("QuantizedReshape") { _ in QuantizedReshape() },
        .tensorFlow("QuantizedConcat") { (node) throws(OperatorError) in
            guard node.inputCount >= 4, node.inputCount % 3 == 1 else {
                throw .wrongInputCount(found: node.inputCount, expected: 4...Int(Int32.max))
            }
            return QuantizedConcat(count: node.inputCount / 3)
        },
        .tensorFlow("QuantizedBatchNormWithGlobalNormalization") { (node) throws(OperatorError) in
            QuantizedBatchNormalization(
                epsilon: try node.float("variance_epsilon", default: 0),
                scales: try node.flag("scale_after_normalization", default: true))
        },
        .tensorFlow("QuantizedInstanceNorm") { (node) throws(OperatorError) in
            let isGiven = try node.flag("output_range_given", default: false)
            let range = (low: try node.float("given_y_min", default: 0), high: try node.float("given_y_max", default: 0))
            return QuantizedInstanceNormalization(
                range: isGiven ? range : nil, epsilon: try node.float("variance_epsilon", default: 1e-5),
                leastRange: try node.float("min_separation", default: 1e-3))
        },
    ]

    private static let uniform: [OperatorSpelling] = [
        .tensorFlow("UniformQuantize") { (node) throws(OperatorError) in
            UniformQuantization(
                function: .quantize, target: try node.requiredType("Tout"), limits: try limits(node, "quantization"),
                axis: try node.optionalAxis("quantization_axis"))
        },
        .tensorFlow("UniformDequantize") { (node) throws(OperatorError) in
            UniformQuantization(
                function: .dequantize, target: try node.requiredType("Tout"), limits: try limits(node, "quantization"),
                axis: try node.optionalAxis("quantization_axis"))
        },
        .tensorFlow("UniformRequantize") { (node) throws(OperatorError) in
            UniformQuantization(
                function: .requantize, target: try node.requiredType("Tout"), limits: try limits(node, "output_quantization"),
                axis: try node.optionalAxis("input_quantization_axis"), outputAxis: try node.optionalAxis("output_quantization_axis"))
        },
    ]

    private static func limits(_ node: AttributeReader, _ prefix: String) throws(OperatorError) -> (low: Int, high: Int) {
        let low = try node.integer("\(prefix)_min_val", default: Int(Int32.min))
        return (low, try node.integer("\(prefix)_max_val", default: Int(Int32.max)))
    }
}

extension AttributeReader {
    /// An axis, which −1 or nothing says there is none of.
    fileprivate func optionalAxis(_ name: String) throws(OperatorError) -> Int? {
        let axis = try integer(name, default: -1)
        guard axis >= -1 else { throw .invalidAttribute(name: name, reason: "is \(axis), expected an axis or −1") }
        return axis == -1 ? nil : axis
    }
}
