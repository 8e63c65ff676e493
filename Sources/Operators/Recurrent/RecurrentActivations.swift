import CKernels
import GraphIR

extension apus_cell_activation {
    /// An activation by its ONNX name (in any case), with its usual parameters.
    ///
    /// - Returns: nil for a name that the standard does not have.
    fileprivate init?(named name: String) {
        switch name.lowercased() {
        case "sigmoid": self.init(APUS_CELL_SIGMOID)
        case "tanh": self.init(APUS_CELL_TANH)
        case "relu": self.init(APUS_CELL_RELU)
        case "affine": self.init(APUS_CELL_AFFINE, alpha: 1, beta: 0)
        case "leakyrelu": self.init(APUS_CELL_LEAKY_RELU, alpha: 0.01)
        case "thresholdedrelu": self.init(APUS_CELL_THRESHOLDED_RELU, alpha: 1)
        case "scaledtanh": self.init(APUS_CELL_SCALED_TANH, alpha: 1, beta: 1)
        case "hardsigmoid": self.init(APUS_CELL_HARD_SIGMOID, alpha: 0.2, beta: 0.5)
        case "elu": self.init(APUS_CELL_ELU, alpha: 1)
        case "softsign": self.init(APUS_CELL_SOFTSIGN)
        case "softplus": self.init(APUS_CELL_SOFTPLUS)
        default: return nil
        }
    }

    private init(_ function: apus_cell_function, alpha: Float = 0, beta: Float = 0) {
        self.init()
        self.function = function
        self.alpha = alpha
        self.beta = beta
    }

    fileprivate var takesAlpha: Bool {
        [
            APUS_CELL_AFFINE, APUS_CELL_LEAKY_RELU, APUS_CELL_THRESHOLDED_RELU, APUS_CELL_SCALED_TANH,
            APUS_CELL_HARD_SIGMOID, APUS_CELL_ELU,
        ].contains(function)
    }

    fileprivate var takesBeta: Bool {
        [APUS_CELL_AFFINE, APUS_CELL_SCALED_TANH, APUS_CELL_HARD_SIGMOID].contains(function)
    }
}

/// The activations of a recurrent node, by direction.
struct RecurrentActivations: Sendable {
    let byDirection: [[apus_cell_activation]]

    /// Reads the attributes activations, activation_alpha and activation_beta; alphas and betas go, in order, to the
    /// functions that take them.
    init(_ reader: AttributeReader, defaults: [String], directionCount: Int) throws(OperatorError) {
        let given = try reader.strings("activations") ?? []
        let names =
            given.isEmpty
            ? Array([[String]](repeating: defaults, count: directionCount).joined()) : given
        guard names.count == defaults.count * directionCount else {
            throw .invalidAttribute(
                name: "activations", reason: "has \(names.count) names, expected \(defaults.count * directionCount)")
        }
        var alphas = try (reader.floats("activation_alpha") ?? [])[...]
        var betas = try (reader.floats("activation_beta") ?? [])[...]
        var activations: [apus_cell_activation] = []
        for name in names {
            guard var activation = apus_cell_activation(named: name) else {
                throw .invalidAttribute(name: "activations", reason: "has \"\(name)\", which is no activation of the standard")
            }
            if activation.takesAlpha, let alpha = alphas.popFirst() { activation.alpha = alpha }
            if activation.takesBeta, let beta = betas.popFirst() { activation.beta = beta }
            activations.append(activation)
        }
        byDirection = (0..<directionCount).map { direction in
            Array(activations[direction * defaults.count..<(direction + 1) * defaults.count])
        }
    }
}
