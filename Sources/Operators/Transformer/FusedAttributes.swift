import GraphIR

/// Activation functions as onnxruntime's fused operators name them.
enum FusedAttributes {
    /// The function that attribute `activation` names with the parameters that follow; nil for none.
    static func function(_ name: String?, _ parameters: [Float]) throws(OperatorError) -> Activation.Function? {
        func parameter(_ index: Int, _ fallback: Float) -> Float { index < parameters.count ? parameters[index] : fallback }
        return switch name {
        case nil, "": nil
        case "Relu": .relu
        case "Sigmoid": .sigmoid
        case "Tanh": .tanh
        case "Softplus": .softplus
        case "Softsign": .softsign
        case "LeakyRelu": .leakyRelu(alpha: parameter(0, 0.01))
        case "Elu": .elu(alpha: parameter(0, 1))
        case "ThresholdedRelu": .thresholdedRelu(alpha: parameter(0, 1))
        case "HardSigmoid": .hardSigmoid(alpha: parameter(0, 0.2), beta: parameter(1, 0.5))
        case "HardSwish": .hardSwish
        case "Gelu": .gelu(approximated: false)
        case "FastGelu": .gelu(approximated: true)
        case .some(let other): throw .unsupported("activation \"\(other)\" of a fused operator")
        }
    }

    /// The function that a convolution applies; nil for none.
    static func convolutionActivation(_ reader: AttributeReader) throws(OperatorError) -> FusedActivation? {
        let name = try reader.string("activation"), parameters = try reader.floats("activation_params") ?? []
        if name == "Clip" {
            guard parameters.count == 2 else {
                throw .invalidAttribute(name: "activation_params", reason: "has \(parameters.count) numbers, expected 2 for Clip")
            }
            return .clip(low: parameters[0], high: parameters[1])
        }
        guard let function = try function(name, parameters) else { return nil }
        guard let fused = Activation(function).fusedActivation else {
            throw .unsupported("activation \"\(name ?? "")\" of a convolution")
        }
        return fused
    }

    /// The function of operators that name their parameters one by one; nil for none.
    static func productActivation(_ reader: AttributeReader) throws(OperatorError) -> Activation.Function? {
        var parameters: [Float] = []
        let named = try reader.float("activation_alpha"), older = try reader.float("leaky_relu_alpha")
        if let alpha = named ?? older {
            parameters.append(alpha)
            if let beta = try reader.float("activation_beta") { parameters.append(beta) }
        }
        return try function(reader.string("activation"), parameters)
    }

    /// Whether the node has input `index`.
    static func has(_ index: Int, _ reader: AttributeReader) -> Bool {
        index < reader.node.inputs.count && !reader.node.inputs[index].isEmpty
    }

    /// A product with the attributes of FusedMatMul.
    static func product(_ reader: AttributeReader) throws(OperatorError) -> any Operator {
        var product = BatchMatMul()
        if try reader.flag("transA", default: false) { product.left = .transposed }
        if try reader.flag("transB", default: false) { product.right = .transposed }
        product.turnsLeftStack = try reader.flag("transBatchA", default: false)
        product.turnsRightStack = try reader.flag("transBatchB", default: false)
        product.scale = try reader.float("alpha", default: 1)
        let isPlain = product.left == .plain && product.right == .plain && product.scale == 1
        return isPlain && !product.turnsLeftStack && !product.turnsRightStack ? MatMul() : product
    }
}
