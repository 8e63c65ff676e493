package import GraphIR

/// An element-wise function that a matrix product or a convolution can apply to its result before it is stored.
package enum FusedActivation: Sendable, Hashable {
    /// max(x, 0)
    case relu
    /// min(max(x, low), high)
    case clip(low: Float, high: Float)
    /// 1 / (1 + e⁻ˣ)
    case sigmoid
    case tanh
    /// x · Φ(x), by the error function
    case gelu
    /// x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))
    case geluByTanh
    /// x · sigmoid(x)
    case silu
    /// x · min(max(x / 6 + 1/2, 0), 1)
    case hardSwish
    /// min(max(alpha · x + beta, 0), 1)
    case hardSigmoid(alpha: Float, beta: Float)
    /// x when x ≥ 0, else alpha · x
    case leakyRelu(alpha: Float)
}

/// An operator of one data input that may turn out to be a fusable activation.
package protocol FusableActivation: Operator {
    /// The function when the operator's attributes alone decide it; nil when it is not one that can be fused.
    var fusedActivation: FusedActivation? { get }

    /// The function when constant inputs decide it (the bounds of `Clip`); nil when they are not constant.
    func fusedActivation(of inputs: OperatorInputs) -> FusedActivation?
}

extension FusableActivation {
    package func fusedActivation(of inputs: OperatorInputs) -> FusedActivation? { fusedActivation }
}
