import CKernels

/// The part of a kernel's epilogue that is known when an operator is compiled.
struct FusedEpilogue: Sendable {
    private let kind: UInt32
    private let alpha: Float
    private let beta: Float

    init(_ activation: FusedActivation?) {
        let (code, alpha, beta) = Self.parameters(of: activation)
        kind = code.rawValue
        self.alpha = alpha
        self.beta = beta
    }

    /// The whole epilogue for one run; absent parts are nil.
    @inline(__always)
    func with(
        columnBias: UnsafePointer<Float>? = nil, rowBias: UnsafePointer<Float>? = nil,
        residual: UnsafePointer<Float>? = nil
    ) -> apus_epilogue {
        apus_epilogue(
            column_bias: columnBias, row_bias: rowBias, residual: residual, activation: apus_activation(rawValue: kind),
            alpha: alpha, beta: beta)
    }

    private static func parameters(of activation: FusedActivation?) -> (apus_activation, Float, Float) {
        switch activation {
        case nil: (APUS_ACTIVATION_NONE, 0, 0)
        case .relu: (APUS_ACTIVATION_RELU, 0, 0)
        case .clip(let low, let high): (APUS_ACTIVATION_CLIP, low, high)
        case .sigmoid: (APUS_ACTIVATION_SIGMOID, 0, 0)
        case .tanh: (APUS_ACTIVATION_TANH, 0, 0)
        case .gelu: (APUS_ACTIVATION_GELU, 0, 0)
        case .geluByTanh: (APUS_ACTIVATION_GELU_TANH, 0, 0)
        case .silu: (APUS_ACTIVATION_SILU, 0, 0)
        case .hardSwish: (APUS_ACTIVATION_HARD_SWISH, 0, 0)
        case .hardSigmoid(let alpha, let beta): (APUS_ACTIVATION_HARD_SIGMOID, alpha, beta)
        case .leakyRelu(let alpha): (APUS_ACTIVATION_LEAKY_RELU, alpha, 0)
        }
    }
}
