package import GraphIR

/// Non-linear functions between the layers of a network.
package enum ActivationOperators {
    package static let spellings: [OperatorSpelling] =
        plain + parametric + softmaxes + ClassLoss.spellings + TensorFlowActivations.spellings

    private static let plain: [OperatorSpelling] = [
        function(.relu), function(.sigmoid), function(.tanh), function(.softplus), function(.softsign),
        function(.hardSwish, since: 14), function(.mish, since: 18),
    ]

    private static func function(_ function: Activation.Function, since version: Int = 1) -> OperatorSpelling {
        .onnx(Activation(function).name, since: version) { _ in Activation(function) }
    }

    private static let parametric: [OperatorSpelling] = [
        .onnx("LeakyRelu") { (node) throws(OperatorError) in
            Activation(.leakyRelu(alpha: try node.float("alpha", default: 0.01)))
        },
        .onnx("Elu") { (node) throws(OperatorError) in Activation(.elu(alpha: try node.float("alpha", default: 1))) },
        .onnx("Celu", since: 12) { (node) throws(OperatorError) in
            let alpha = try node.float("alpha", default: 1)
            guard alpha != 0 else { throw .invalidAttribute(name: "alpha", reason: "is 0, expected a number to divide by") }
            return Activation(.celu(alpha: alpha))
        },
        .onnx("Selu", make: selu),
        .onnx("HardSigmoid") { (node) throws(OperatorError) in
            let alpha = try node.float("alpha", default: 0.2)
            return Activation(.hardSigmoid(alpha: alpha, beta: try node.float("beta", default: 0.5)))
        },
        .onnx("ThresholdedRelu") { (node) throws(OperatorError) in
            Activation(.thresholdedRelu(alpha: try node.float("alpha", default: 1)))
        },
        .onnx("Shrink", since: 9) { (node) throws(OperatorError) in
            let bias = try node.float("bias", default: 0)
            return Activation(.shrink(bias: bias, lambd: try node.float("lambd", default: 0.5)))
        },
        .onnx("Swish", since: 24) { (node) throws(OperatorError) in
            Activation(.swish(alpha: try node.float("alpha", default: 1)))
        },
        .onnx("Gelu", since: 20, make: gelu),
        .onnx("PRelu") { node in PRelu(slopeIsPerChannel: node.version < 7) },
    ]

    /// The defaults of opset 1 are rounded more coarsely than those of opset 6.
    @Sendable private static func selu(_ node: AttributeReader) throws(OperatorError) -> any Operator {
        let isFirst = node.version < 6
        let alpha = try node.float("alpha", default: isFirst ? 1.6732 : 1.67326319217681884765625)
        let gamma = try node.float("gamma", default: isFirst ? 1.0507 : 1.05070102214813232421875)
        return Activation(.selu(alpha: alpha, gamma: gamma))
    }

    @Sendable private static func gelu(_ node: AttributeReader) throws(OperatorError) -> any Operator {
        switch try node.string("approximate", default: "none") {
        case "none": return Activation(.gelu(approximated: false))
        case "tanh": return Activation(.gelu(approximated: true))
        case let other: throw .invalidAttribute(name: "approximate", reason: "is \"\(other)\", expected \"none\" or \"tanh\"")
        }
    }

    private static let softmaxes: [OperatorSpelling] = Softmax.Function.allCases.map { function in
        .onnx(function.rawValue) { (node) throws(OperatorError) in
            let flattens = node.version < 13
            return Softmax(function: function, axis: try node.integer("axis", default: flattens ? 1 : -1), flattens: flattens)
        }
    }
}
