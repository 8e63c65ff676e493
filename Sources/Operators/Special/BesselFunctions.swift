import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Bessel functions of integer orders 0 and 1.
enum Bessel {
    // Oscillating ones: the C library's, which at infinity gives the limit where TensorFlow has none.

    static func j(_ order: Int, _ x: Double) -> Double {
        guard x.isFinite else { return .nan }
        return order == 0 ? j0(x) : j1(x)
    }

    static func y(_ order: Int, _ x: Double) -> Double {
        // TensorFlow has a pole at 0 and everywhere below.
        if x <= 0 { return -.infinity }
        guard x.isFinite else { return .nan }
        return order == 0 ? y0(x) : y1(x)
    }

    // Modified ones.

    static func i(_ order: Int, _ x: Double) -> Double {
        let size = x.magnitude
        let value = size < seriesLimit ? series(order, size) : (exp(size / 2) * scaledI(order, size)) * exp(size / 2)
        return order == 1 && x < 0 ? -value : value
    }

    /// e^−|x| · I(x)
    static func scaledI(_ order: Int, _ x: Double) -> Double {
        let size = x.magnitude
        let value = size < seriesLimit ? exp(-size) * series(order, size) : asymptotic(order, size)
        return order == 1 && x < 0 ? -value : value
    }

    static func k(_ order: Int, _ x: Double) -> Double { x <= 0 ? .infinity : exp(-x) * scaledK(order, x) }

    /// eˣ · K(x) = ∫ e^(−x (cosh t − 1)) cosh(order · t) dt from 0 on, by the trapezoidal rule, which is exact to the last bits
    /// for a function that vanishes so fast.
    static func scaledK(_ order: Int, _ x: Double) -> Double {
        if x <= 0 { return .infinity }
        guard x.isFinite else { return x.isNaN ? x : 0 }
        // Where the factor of the integral would overflow.
        if order == 1, x < 1e-150 { return 1 / x }
        let step = min(0.2, 0.6 / x.squareRoot())
        var sum = 0.5, place = 1.0
        while true {
            let t = place * step, half = sinh(t / 2)
            let exponent = 2 * x * half * half
            let term = order == 0 ? exp(-exponent) : exp(-exponent) * cosh(t)
            sum += term
            if exponent > 1, term < sum * 1e-17 { return sum * step }
            place += 1
        }
    }

    private static let seriesLimit = 30.0

    /// Σ (x/2)^(2k + order) / (k! (k + order)!), whose terms are all positive.
    private static func series(_ order: Int, _ x: Double) -> Double {
        let quarter = x * x / 4
        var term = order == 0 ? 1 : x / 2, sum = term, k = 1.0
        while term > sum * 1e-17 {
            term *= quarter / (k * (k + Double(order)))
            sum += term
            k += 1
        }
        return sum
    }

    /// The expansion in 1/x of e^−x · I(x) · √(2πx).
    private static func asymptotic(_ order: Int, _ x: Double) -> Double {
        guard x.isFinite else { return x.isNaN ? .nan : 0 }
        let square = Double(4 * order * order)
        var term = 1.0, sum = 1.0
        for k in 1...30 {
            let odd = Double(2 * k - 1)
            term *= -(square - odd * odd) / (8 * x * Double(k))
            sum += term
            if term.magnitude < 1e-17 { break }
        }
        return sum / (2 * Double.pi * x).squareRoot()
    }
}
