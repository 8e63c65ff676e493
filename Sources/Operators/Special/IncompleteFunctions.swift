import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The incomplete gamma and beta functions, as parts of the complete ones.
enum IncompleteFunctions {
    /// The share of Γ(a) that lies below x.
    static func igamma(_ a: Double, _ x: Double) -> Double {
        if x == 0 { return 0 }
        guard a > 0, x >= 0 else { return .nan }
        if a.isInfinite { return 0 }
        if x.isInfinite { return 1 }
        return x > 1 && x > a ? 1 - fraction(a, x) : series(a, x)
    }

    /// The share of Γ(a) that lies above x.
    static func igammac(_ a: Double, _ x: Double) -> Double {
        guard a > 0, x >= 0 else { return .nan }
        if x.isInfinite { return 0 }
        if x == 0 || a.isInfinite { return 1 }
        return x > 1 && x > a ? fraction(a, x) : 1 - series(a, x)
    }

    /// Rounds that a sum may take: their number grows with the root of the parameters.
    private static func limit(_ size: Double) -> Int { 500 + Int(min(10 * size.squareRoot(), 20000)) }

    /// xᵃ e⁻ˣ / Γ(a)
    private static func front(_ a: Double, _ x: Double) -> Double { exp(a * log(x) - x - a.applying(.lgamma)) }

    private static func series(_ a: Double, _ x: Double) -> Double {
        var term = 1 / a, sum = term, at = a
        for _ in 0..<limit(max(a, x)) {
            at += 1
            term *= x / at
            sum += term
            if term < sum * 1e-17 { break }
        }
        return sum * front(a, x)
    }

    /// Lentz's way through the continued fraction.
    private static func fraction(_ a: Double, _ x: Double) -> Double {
        let tiny = 1e-300
        var b = x + 1 - a, c = 1 / tiny, d = 1 / (b == 0 ? tiny : b), value = d
        for i in 1...limit(max(a, x)) {
            let an = -Double(i) * (Double(i) - a)
            b += 2
            d = an * d + b
            c = b + an / c
            if d.magnitude < tiny { d = tiny }
            if c.magnitude < tiny { c = tiny }
            d = 1 / d
            value *= d * c
            if (d * c - 1).magnitude < 1e-16 { break }
        }
        return value * front(a, x)
    }

    /// The share of B(a, b) that lies below x.
    static func betainc(_ a: Double, _ b: Double, _ x: Double) -> Double {
        guard a > 0, b > 0, x >= 0, x <= 1, a.isFinite, b.isFinite else { return .nan }
        if x == 0 || x == 1 { return x }
        let logarithm = (a + b).applying(.lgamma) - a.applying(.lgamma) - b.applying(.lgamma) + a * log(x) + b * log1p(-x)
        let front = exp(logarithm)
        // On the side where the fraction converges fast.
        return x < (a + 1) / (a + b + 2) ? front * betaFraction(a, b, x) / a : 1 - front * betaFraction(b, a, 1 - x) / b
    }

    private static func betaFraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
        let tiny = 1e-300
        var c = 1.0, d = 1 - (a + b) * x / (a + 1)
        if d.magnitude < tiny { d = tiny }
        d = 1 / d
        var value = d
        for i in 1...limit(max(a, b)) {
            let m = Double(i)
            for term in [
                m * (b - m) * x / ((a - 1 + 2 * m) * (a + 2 * m)), -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 1 + 2 * m)),
            ] {
                d = 1 + term * d
                c = 1 + term / c
                if d.magnitude < tiny { d = tiny }
                if c.magnitude < tiny { c = tiny }
                d = 1 / d
                value *= d * c
            }
            if (d * c - 1).magnitude < 1e-16 { break }
        }
        return value
    }
}
