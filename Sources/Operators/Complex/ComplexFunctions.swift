import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Functions of one complex number, computed in float64; branch cuts lie as in C.
enum ComplexFunction: String, Sendable, CaseIterable {
    case negate = "Neg", sign = "Sign", conjugate = "Conj", square = "Square"
    case reciprocal = "Reciprocal", inverse = "Inv", squareRoot = "Sqrt", reciprocalSquareRoot = "Rsqrt"
    case exp = "Exp", expm1 = "Expm1", log = "Log", log1p = "Log1p", sigmoid = "Sigmoid"
    case sin = "Sin", cos = "Cos", tan = "Tan", sinh = "Sinh", cosh = "Cosh", tanh = "Tanh"
    case asin = "Asin", acos = "Acos", atan = "Atan", asinh = "Asinh", acosh = "Acosh", atanh = "Atanh"

    func value(at z: Complex<Double>) -> Complex<Double> {
        switch self {
        case .negate: -z
        case .sign: z.isZero ? z : Complex(z.real / z.magnitude, z.imaginary / z.magnitude)
        case .conjugate: z.conjugate
        case .square: z * z
        case .reciprocal, .inverse: .one / z
        case .squareRoot: z.squareRoot
        case .reciprocalSquareRoot: .one / z.squareRoot
        case .exp: z.exponential
        case .expm1: z.exponentialLessOne
        case .log: z.logarithm
        case .log1p: z.logarithmOfOneMore
        case .sigmoid: .one / (.one + (-z).exponential)
        case .sin: (z.turned.hyperbolicSine).turnedBack
        case .cos: z.turned.hyperbolicCosine
        case .tan: z.turned.hyperbolicTangent.turnedBack
        case .sinh: z.hyperbolicSine
        case .cosh: z.hyperbolicCosine
        case .tanh: z.hyperbolicTangent
        case .asin: z.inverseSine
        case .acos: z.inverseCosine
        case .atan: z.turned.inverseHyperbolicTangent.turnedBack
        case .asinh: z.turned.inverseSine.turnedBack
        case .acosh: z.inverseHyperbolicCosine
        case .atanh: z.inverseHyperbolicTangent
        }
    }
}

extension Complex<Double> {
    var magnitude: Double { hypot(real, imaginary) }
    /// From −π to π.
    var angle: Double { atan2(imaginary, real) }

    /// i·z, and the way back: z / i.
    fileprivate var turned: Self { Self(-imaginary, real) }
    fileprivate var turnedBack: Self { Self(imaginary, -real) }

    fileprivate var exponential: Self {
        let size = (exp)(real)
        // An exact 0 stays one beside an infinite factor.
        return Self(size * (cos)(imaginary), imaginary == 0 ? imaginary : size * (sin)(imaginary))
    }

    /// eᶻ − 1 without losing small results.
    fileprivate var exponentialLessOne: Self {
        let half = (sin)(imaginary / 2), grown = (expm1)(real)
        return Self(
            grown * (cos)(imaginary) - 2 * half * half, imaginary == 0 ? imaginary : (grown + 1) * (sin)(imaginary))
    }

    var logarithm: Self { Self((log)(magnitude), angle) }

    /// ln(1 + z) without losing small results.
    fileprivate var logarithmOfOneMore: Self {
        let size = real * (2 + real) + imaginary * imaginary
        let part = size.magnitude < 0.5 ? (log1p)(size) / 2 : (log)(hypot(1 + real, imaginary))
        return Self(part, atan2(imaginary, 1 + real))
    }

    var squareRoot: Self {
        guard !isZero else { return Self(0, imaginary) }
        let size = ((real.magnitude + magnitude) / 2).squareRoot()
        if real >= 0 { return Self(size, imaginary / (2 * size)) }
        return Self(imaginary.magnitude / (2 * size), imaginary.sign == .minus ? -size : size)
    }

    fileprivate var hyperbolicSine: Self {
        Self((sinh)(real) * (cos)(imaginary), (cosh)(real) * (sin)(imaginary))
    }

    fileprivate var hyperbolicCosine: Self {
        Self((cosh)(real) * (cos)(imaginary), (sinh)(real) * (sin)(imaginary))
    }

    fileprivate var hyperbolicTangent: Self {
        // Beyond it the real part is ±1 to the last bit.
        if real.magnitude > 20 {
            return Self(real < 0 ? -1 : 1, 2 * (sin)(2 * imaginary) * (exp)(-2 * real.magnitude))
        }
        let scale = (cosh)(2 * real) + (cos)(2 * imaginary)
        return Self((sinh)(2 * real) / scale, (sin)(2 * imaginary) / scale)
    }

    /// The inverse functions after Kahan: no sum cancels, and the branch cuts keep the signs of zeros.
    fileprivate var inverseSine: Self {
        let below = Self(1 - real, -imaginary).squareRoot, above = (.one + self).squareRoot
        return Self(atan2(real, (below * above).real), (asinh)((below.conjugate * above).imaginary))
    }

    fileprivate var inverseCosine: Self {
        let below = Self(1 - real, -imaginary).squareRoot, above = (.one + self).squareRoot
        return Self(2 * atan2(below.real, above.real), (asinh)((above.conjugate * below).imaginary))
    }

    fileprivate var inverseHyperbolicCosine: Self {
        let below = (self - .one).squareRoot, above = (self + .one).squareRoot
        return Self((asinh)((below.conjugate * above).real), 2 * atan2(below.imaginary, above.real))
    }

    fileprivate var inverseHyperbolicTangent: Self {
        let difference = logarithmOfOneMore - (-self).logarithmOfOneMore
        return Self(difference.real / 2, difference.imaginary / 2)
    }

    /// self to the power of an exponent: e^(exponent · ln self).
    func raised(to exponent: Self) -> Self {
        if isZero { return exponent.real > 0 ? .zero : Self(.nan, .nan) }
        return (exponent * logarithm).exponential
    }

    /// ln(1 + z), for pair functions.
    var logarithmOfNext: Self { logarithmOfOneMore }
}
