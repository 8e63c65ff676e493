import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Functions of one real number that the math library computes.
enum MathFunction: String, Sendable, CaseIterable {
    case exp = "Exp", log = "Log", erf = "Erf"
    case sin = "Sin", cos = "Cos", tan = "Tan"
    case asin = "Asin", acos = "Acos", atan = "Atan"
    case sinh = "Sinh", cosh = "Cosh", tanh = "Tanh"
    case asinh = "Asinh", acosh = "Acosh", atanh = "Atanh"
    case expm1, log1p
}

/// A floating-point type that kernels compute with directly.
protocol FloatingScalar: BinaryFloatingPoint, TensorScalar {
    func applying(_ function: MathFunction) -> Self
    func raised(to exponent: Self) -> Self
    /// The remainder of a division whose quotient is cut towards zero; it has the sign of `self`.
    func remainder(ofDividingBy divisor: Self) -> Self
}

extension Float: FloatingScalar {
    @inline(__always)
    func applying(_ function: MathFunction) -> Float {
        switch function {
        case .exp: expf(self)
        case .log: logf(self)
        case .erf: erff(self)
        case .sin: sinf(self)
        case .cos: cosf(self)
        case .tan: tanf(self)
        case .asin: asinf(self)
        case .acos: acosf(self)
        case .atan: atanf(self)
        case .sinh: sinhf(self)
        case .cosh: coshf(self)
        case .tanh: tanhf(self)
        case .asinh: asinhf(self)
        case .acosh: acoshf(self)
        case .atanh: atanhf(self)
        case .expm1: expm1f(self)
        case .log1p: log1pf(self)
        }
    }

    @inline(__always) func raised(to exponent: Float) -> Float { powf(self, exponent) }
    @inline(__always) func remainder(ofDividingBy divisor: Float) -> Float { fmodf(self, divisor) }
}

extension Double: FloatingScalar {
    @inline(__always)
    func applying(_ function: MathFunction) -> Double {
        switch function {
        case .exp: exp(self)
        case .log: log(self)
        case .erf: erf(self)
        case .sin: sin(self)
        case .cos: cos(self)
        case .tan: tan(self)
        case .asin: asin(self)
        case .acos: acos(self)
        case .atan: atan(self)
        case .sinh: sinh(self)
        case .cosh: cosh(self)
        case .tanh: tanh(self)
        case .asinh: asinh(self)
        case .acosh: acosh(self)
        case .atanh: atanh(self)
        case .expm1: expm1(self)
        case .log1p: log1p(self)
        }
    }

    @inline(__always) func raised(to exponent: Double) -> Double { pow(self, exponent) }
    @inline(__always) func remainder(ofDividingBy divisor: Double) -> Double { fmod(self, divisor) }
}
