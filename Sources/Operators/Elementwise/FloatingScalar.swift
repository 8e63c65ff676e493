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
    case expm1 = "Expm1", log1p = "Log1p"
    case erfc = "Erfc", lgamma = "Lgamma"
}

/// A floating-point type that kernels compute with directly.
protocol FloatingScalar: BinaryFloatingPoint, TensorScalar {
    func applying(_ function: MathFunction) -> Self
    func raised(to exponent: Self) -> Self
    /// The remainder of a division whose quotient is cut towards zero; it has the sign of `self`.
    func remainder(ofDividingBy divisor: Self) -> Self
    /// The angle of the point (x, `self`).
    func angle(over x: Self) -> Self
    /// The number beside `self` on the way to `target`.
    func next(toward target: Self) -> Self
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
        case .erfc: erfcf(self)
        case .lgamma: logarithmOfGamma(self)
        }
    }

    @inline(__always) func raised(to exponent: Float) -> Float { powf(self, exponent) }
    @inline(__always) func remainder(ofDividingBy divisor: Float) -> Float { fmodf(self, divisor) }
    @inline(__always) func angle(over x: Float) -> Float { atan2f(self, x) }
    @inline(__always) func next(toward target: Float) -> Float { nextafterf(self, target) }
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
        case .erfc: erfc(self)
        case .lgamma: logarithmOfGamma(self)
        }
    }

    @inline(__always) func raised(to exponent: Double) -> Double { pow(self, exponent) }
    @inline(__always) func remainder(ofDividingBy divisor: Double) -> Double { fmod(self, divisor) }
    @inline(__always) func angle(over x: Double) -> Double { atan2(self, x) }
    @inline(__always) func next(toward target: Double) -> Double { nextafter(self, target) }
}

/// ln |Γ(x)|; the sign, which the library hands out beside it, is not asked for.
@inline(__always)
private func logarithmOfGamma<Scalar: BinaryFloatingPoint>(_ x: Scalar) -> Scalar {
    var sign: Int32 = 0
    return Scalar(lgamma_r(Double(x), &sign))
}
