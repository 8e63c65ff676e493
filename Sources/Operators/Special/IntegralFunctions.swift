import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The exponential integral and the dilogarithm.
enum IntegralFunctions {
    private static let euler = 0.577215664901532860606512

    /// Ei(x) = ∫ eᵗ / t dt from −∞ to x, for x above 0.
    static func exponentialIntegral(_ x: Double) -> Double {
        guard x > 0 else { return x == 0 ? -.infinity : .nan }
        guard x.isFinite else { return .nan }
        if x < 40 {
            var term = 1.0, sum = 0.0, k = 1.0
            while k < 200 {
                term *= x / k
                sum += term / k
                if term / k < sum * 1e-17 { break }
                k += 1
            }
            return euler + log(x) + sum
        }
        var term = 1.0, sum = 1.0
        for k in 1...40 {
            let next = term * Double(k) / x
            guard next < term, next > 1e-17 else { break }
            term = next
            sum += term
        }
        // In two steps, since the power overflows before the integral does.
        return exp(x / 2) * (sum / x) * exp(x / 2)
    }

    /// −∫ ln t / (t − 1) dt from 1 to x, the dilogarithm of 1 − x.
    static func spence(_ x: Double) -> Double {
        guard x >= 0 else { return .nan }
        guard x.isFinite else { return .nan }
        if x == 0 { return Double.pi * Double.pi / 6 }
        // Into the circle of radius 1/2 around 1.
        if x < 0.5 { return Double.pi * Double.pi / 6 - log(x) * log1p(-x) - dilogarithm(x) }
        if x > 1.5 {
            let logarithm = log(x)
            return -logarithm * logarithm / 2 - spence(1 / x)
        }
        return dilogarithm(1 - x)
    }

    /// Σ zᵏ / k² for |z| up to 1/2.
    private static func dilogarithm(_ z: Double) -> Double {
        var power = z, sum = z
        for k in 2...60 {
            power *= z
            let part = power / Double(k * k)
            sum += part
            if part.magnitude < sum.magnitude * 1e-17 { break }
        }
        return sum
    }
}
