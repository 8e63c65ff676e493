import Operators

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension FusedActivation {
    /// One of each kind.
    static let samples: [FusedActivation] = [
        .relu, .clip(low: -0.25, high: 0.5), .sigmoid, .tanh, .gelu, .geluByTanh, .silu, .hardSwish,
        .hardSigmoid(alpha: 0.2, beta: 0.5),
        .leakyRelu(alpha: 0.1),
    ]

    /// The function in double precision.
    func reference(_ x: Double) -> Double {
        switch self {
        case .relu: max(x, 0)
        case .clip(let low, let high): min(max(x, Double(low)), Double(high))
        case .sigmoid: 1 / (1 + exp(-x))
        case .tanh: Glibc.tanh(x)
        case .gelu: x * 0.5 * (1 + erf(x / 2.0.squareRoot()))
        case .geluByTanh: x * 0.5 * (1 + Glibc.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .silu: x / (1 + exp(-x))
        case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
        case .hardSigmoid(let alpha, let beta): min(max(Double(alpha) * x + Double(beta), 0), 1)
        case .leakyRelu(let alpha): x < 0 ? Double(alpha) * x : x
        }
    }
}
