import GraphIR
import Tensors

/// The names that TensorFlow has for activations and losses.
enum TensorFlowActivations {
    static let spellings: [OperatorSpelling] = activations + softmaxes + losses + ActivationGradient.spellings

    private static let activations: [OperatorSpelling] = [
        .tensorFlow("Relu") { (node) throws(OperatorError) in
            // Of unsigned numbers it changes none.
            if let type = try node.elementType("T"), type.isInteger, !type.isSigned { return TypedView() }
            return Activation(.relu)
        },
        .tensorFlow("Relu6") { (node) throws(OperatorError) in
            if try node.elementType("T")?.isInteger ?? false { return IntegerRelu6() }
            return Clip(bounds: .attributes(low: 0, high: 6))
        },
        .tensorFlow("LeakyRelu") { (node) throws(OperatorError) in
            Activation(.leakyRelu(alpha: try node.float("alpha", default: 0.2)))
        },
        .tensorFlow("Elu") { _ in Activation(.elu(alpha: 1)) },
        .tensorFlow("Selu") { (node) throws(OperatorError) in
            guard try node.elementType("T") != .float64 else { return SeluOfDouble() }
            return Activation(.selu(alpha: 1.6732632423543772848, gamma: 1.0507009873554804934))
        },
        .tensorFlow("Softplus") { _ in Activation(.softplus) },
        .tensorFlow("Softsign") { _ in Activation(.softsign) },
        .tensorFlow("Sigmoid") { (node) throws(OperatorError) in
            guard try node.isComplex else { return Activation(.sigmoid) }
            return ComplexMap(function: .sigmoid)
        },
        .tensorFlow("Tanh") { (node) throws(OperatorError) in
            guard try node.isComplex else { return Activation(.tanh) }
            return ComplexMap(function: .tanh)
        },
    ]

    private static let softmaxes: [OperatorSpelling] = [
        .tensorFlow("Softmax") { _ in Softmax(function: .softmax, axis: -1, flattens: false) },
        .tensorFlow("LogSoftmax") { _ in Softmax(function: .logSoftmax, axis: -1, flattens: false) },
    ]

    private static let losses: [OperatorSpelling] = [
        .tensorFlow("L2Loss") { _ in HalfSumOfSquares() },
        .tensorFlow("SoftmaxCrossEntropyWithLogits") { _ in CrossEntropy() },
        .tensorFlow("SparseSoftmaxCrossEntropyWithLogits") { _ in SparseCrossEntropy() },
    ]
}
