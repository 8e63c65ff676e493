/// The activation functions in float64.
enum ActivationOfDouble {
    static func body(_ function: Activation.Function, _ count: Int) -> MapBody {
        { y, x in Loops.map(y, x, count) { (x: Double) in value(of: function, at: x) } }
    }

    static func value(of function: Activation.Function, at x: Double) -> Double {
        switch function {
        case .relu: x < 0 ? 0 : x
        case .leakyRelu(let alpha): x < 0 ? Double(alpha) * x : x
        case .elu(let alpha): x < 0 ? Double(alpha) * x.applying(.expm1) : x
        case .celu(let alpha): x < 0 ? Double(alpha) * (x / Double(alpha)).applying(.expm1) : x
        case .selu(let alpha, let gamma): Double(gamma) * (x < 0 ? Double(alpha) * x.applying(.expm1) : x)
        case .sigmoid: sigmoid(x)
        case .hardSigmoid(let alpha, let beta): hardSigmoid(x, Double(alpha), Double(beta))
        case .hardSwish: finiteBelow(x) * hardSigmoid(x, 1 / 6, 0.5)
        case .tanh: x.applying(.tanh)
        case .softplus: softplus(x)
        case .softsign: x.isInfinite ? (x > 0 ? 1 : -1) : x / (1 + x.magnitude)
        case .gelu(approximated: false): finiteBelow(x) * (0.5 + (x * 0.5.squareRoot()).applying(.erf) / 2)
        case .gelu(approximated: true): finiteBelow(x) * sigmoid(x * (2 * (2 / Double.pi).squareRoot()) * (1 + 0.044715 * x * x))
        case .mish: finiteBelow(x) * softplus(x).applying(.tanh)
        case .thresholdedRelu(let alpha): x > Double(alpha) ? x : 0
        case .shrink(let bias, let lambd): shrunk(x, Double(bias), Double(lambd))
        case .swish(let alpha): finiteBelow(x) * sigmoid(Double(alpha) * x)
        }
    }

    private static func sigmoid(_ x: Double) -> Double {
        let power = (-x.magnitude).applying(.exp)
        return (x < 0 ? power : 1) / (1 + power)
    }

    private static func hardSigmoid(_ x: Double, _ alpha: Double, _ beta: Double) -> Double {
        let line = alpha * x + beta
        return line < 0 ? 0 : line > 1 ? 1 : line
    }

    private static func softplus(_ x: Double) -> Double {
        (x < 0 ? 0 : x) + (-x.magnitude).applying(.exp).applying(.log1p)
    }

    private static func shrunk(_ x: Double, _ bias: Double, _ lambd: Double) -> Double {
        x < -lambd ? x + bias : x > lambd ? x - bias : 0
    }

    /// A factor that 0 may multiply: −inf becomes the lowest finite number.
    private static func finiteBelow(_ x: Double) -> Double { x == -.infinity ? -.greatestFiniteMagnitude : x }
}
