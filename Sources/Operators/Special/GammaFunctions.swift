import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The logarithmic derivative of Γ and its derivatives; the Hurwitz zeta function.
enum GammaFunctions {
    /// ψ(x), the derivative of ln Γ(x); none at 0, −1, −2 …
    static func digamma(_ x: Double) -> Double {
        guard x.isFinite else { return x > 0 ? x : .nan }
        guard x > 0 else {
            let part = x - x.rounded()
            guard part != 0 else { return .nan }
            // ψ(1 − x) − ψ(x) = π / tan πx, of the distance from a whole number to keep what digits it has.
            return digamma(1 - x) - Double.pi / tan(Double.pi * part)
        }
        var at = x, sum = 0.0
        while at < 10 {
            sum -= 1 / at
            at += 1
        }
        let square = 1 / (at * at)
        // B₂ₙ / 2n, the last first.
        var tail = 0.0
        for coefficient in [-1.0 / 12, 691.0 / 32760, -1.0 / 132, 1.0 / 240, -1.0 / 252, 1.0 / 120, -1.0 / 12] {
            tail = (tail + coefficient) * square
        }
        return sum + log(at) - 0.5 / at + tail
    }

    /// The derivative of ψ of a whole order.
    static func polygamma(_ order: Double, _ x: Double) -> Double {
        guard order >= 0, order == order.rounded(.down) else { return .nan }
        guard order > 0 else { return digamma(x) }
        let size = exp(order.logarithmOfFactorial) * zeta(order + 1, x)
        return order.truncatingRemainder(dividingBy: 2) == 0 ? -size : size
    }

    /// Σ (q + k)^−x over k from 0 on.
    ///
    /// Of q below 0 it is defined for whole x alone; the terms below 0 then are the difference of two sums from positive numbers on.
    static func zeta(_ x: Double, _ q: Double) -> Double {
        if x == 1 { return .infinity }
        guard !x.isNaN, !q.isNaN else { return .nan }
        if x.isInfinite, x > 0, q <= 0 { return .infinity }
        guard x > 1 else { return .nan }
        let isWhole = x == x.rounded(.down), isEven = x.truncatingRemainder(dividingBy: 2) == 0
        if q <= 0 {
            if q == q.rounded(.down) { return isWhole && isEven ? .infinity : .nan }
            guard isWhole else { return .nan }
            let size = -q, part = size - size.rounded(.down)
            let below = positiveZeta(x, part) - positiveZeta(x, size + 1)
            return (isEven ? below : -below) + positiveZeta(x, 1 - part)
        }
        return positiveZeta(x, q)
    }

    /// B₂ₙ / (2n)!
    private static let coefficients: [Double] = [
        1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1_209_600, 1.0 / 47_900_160, -691.0 / 1_307_674_368_000, 1.0 / 74_724_249_600,
        -3617.0 / 10_670_622_842_880_000, 43867.0 / 5_109_094_217_170_944_000, -174611.0 / 802_857_662_698_291_200_000,
    ]

    /// The sum of the first terms and the Euler–Maclaurin formula for the rest.
    private static func positiveZeta(_ x: Double, _ q: Double) -> Double {
        guard q.isFinite, x.isFinite else { return q.isFinite && q < 1 ? .infinity : q == 1 ? 1 : 0 }
        var sum = 0.0, at = q
        for _ in 0..<12 {
            let term = pow(at, -x)
            sum += term
            at += 1
            if term < sum * 1e-17 { return sum }
        }
        let term = pow(at, -x)
        sum += term * at / (x - 1) + term / 2
        var factor = term * x / at, order = x
        for coefficient in coefficients {
            let part = coefficient * factor
            sum += part
            if part.magnitude < sum.magnitude * 1e-17 { break }
            factor *= (order + 1) * (order + 2) / (at * at)
            order += 2
        }
        return sum
    }
}

extension Double {
    /// ln Γ(x + 1)
    fileprivate var logarithmOfFactorial: Double { (self + 1).applying(.lgamma) }
}
