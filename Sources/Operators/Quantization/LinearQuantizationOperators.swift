import GraphIR
import Tensors

/// ONNX's operators on integers with a scale and a zero point.
enum LinearQuantizationOperators {
    static let spellings: [OperatorSpelling] = conversions + products + functions

    private static let microsoft = "com.microsoft"

    private static let conversions: [OperatorSpelling] = [
        .onnx("QuantizeLinear", since: 10, through: 12) { _ in QuantizeLinear(rule: ScaleRule(axis: nil)) },
        .onnx("QuantizeLinear", since: 13) { reader throws(OperatorError) in
            QuantizeLinear(
                rule: try ScaleRule(reader), target: try reader.onnxType("output_dtype"),
                precision: try reader.onnxType("precision"), saturates: try reader.flag("saturate", default: true))
        },
        .onnx("QuantizeLinear", domain: microsoft) { reader throws(OperatorError) in
            QuantizeLinear(rule: ScaleRule(axis: try reader.integer("axis")))
        },
        .onnx("DequantizeLinear", since: 10, through: 12) { _ in DequantizeLinear(rule: ScaleRule(axis: nil)) },
        .onnx("DequantizeLinear", since: 13) { reader throws(OperatorError) in
            DequantizeLinear(rule: try ScaleRule(reader), target: try reader.onnxType("output_dtype"))
        },
        .onnx("DequantizeLinear", domain: microsoft) { reader throws(OperatorError) in
            DequantizeLinear(rule: ScaleRule(axis: try reader.integer("axis")))
        },
        .onnx("DynamicQuantizeLinear", since: 11) { _ in DynamicQuantizeLinear() },
    ]

    private static let products: [OperatorSpelling] = [
        .onnx("MatMulInteger", since: 10) { _ in IntegerMatMul(function: .integer) },
        .onnx("QLinearMatMul", since: 10) { _ in IntegerMatMul(function: .quantized) },
        .onnx("MatMulIntegerToFloat", domain: microsoft) { _ in IntegerMatMul(function: .toReal) },
        .onnx("DynamicQuantizeMatMul", domain: microsoft) { _ in IntegerMatMul(function: .dynamic) },
        .onnx("QGemm", domain: microsoft) { reader throws(OperatorError) in try IntegerGemm(reader) },
        .onnx("ConvInteger", since: 10) { reader throws(OperatorError) in try IntegerConvolution(reader, isQuantized: false) },
        .onnx("QLinearConv", since: 10) { reader throws(OperatorError) in try IntegerConvolution(reader, isQuantized: true) },
        .onnx("QLinearConv", domain: microsoft) { reader throws(OperatorError) in
            var convolution = try IntegerConvolution(reader, isQuantized: true)
            if try reader.flag("channels_last", default: false) { convolution.layout = .channelsLast }
            return convolution
        },
    ]

    private static let functions: [OperatorSpelling] = [
        .onnx("QLinearAdd", domain: microsoft) { _ in LinearArithmetic(function: .add) },
        .onnx("QLinearMul", domain: microsoft) { _ in LinearArithmetic(function: .multiply) },
        .onnx("QLinearWhere", domain: microsoft) { _ in LinearSelection() },
        .onnx("QLinearSigmoid", domain: microsoft) { _ in LinearFunction(function: .sigmoid) },
        .onnx("QLinearLeakyRelu", domain: microsoft) { reader throws(OperatorError) in
            LinearFunction(function: .leakyRelu(try reader.float("alpha", default: 0.01)))
        },
        .onnx("QLinearConcat", domain: microsoft) { reader throws(OperatorError) in try LinearConcat(reader) },
        .onnx("QLinearAveragePool", domain: microsoft) { reader throws(OperatorError) in
            try LinearAveragePool(reader, isGlobal: false)
        },
        .onnx("QLinearGlobalAveragePool", domain: microsoft) { reader throws(OperatorError) in
            try LinearAveragePool(reader, isGlobal: true)
        },
        .onnx("QLinearSoftmax", domain: microsoft) { reader throws(OperatorError) in try LinearSoftmax(reader) },
    ]
}

extension AttributeReader {
    /// The element type whose ONNX number an attribute holds; nil when it is absent or 0.
    fileprivate func onnxType(_ name: String) throws(OperatorError) -> ElementType? {
        guard let number = try integer(name), number != 0 else { return nil }
        guard let type = ElementType(onnxNumber: number) else {
            throw .unsupported("element type \(number) (attribute \"\(name)\")")
        }
        return type
    }
}
