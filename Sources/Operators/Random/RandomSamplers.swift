#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Gamma distribution of one shape parameter.
///
/// - Source: Marsaglia and Tsang, "A simple method for generating gamma variables", 2000.
struct GammaSampler: RandomSampler {
    func sample(_ parameters: [Double], _ generator: Philox, index: UInt64) -> Double {
        let shape = parameters[0]
        var generator = generator.skipping(256 &* index)
        if shape == 1 { return -log1p(-Double.uniforms(&generator)[1]) }
        let isSmall = shape < 1
        let d = shape + (isSmall ? 2.0 / 3 : -1.0 / 3), c = 1.0 / 3 / d.squareRoot()
        var normals: [Double] = [], uniforms: [Double] = []
        // Nearly every round ends it; NaN parameters never would.
        for _ in 0..<100_000 {
            if normals.isEmpty { normals = Double.normals(&generator) }
            let x = normals.removeLast()
            var v = 1 + c * x
            if v <= 0 { continue }
            v = v * v * v
            if uniforms.isEmpty { uniforms = Double.uniforms(&generator) }
            let u = uniforms.removeLast()
            guard u < 1 - 0.0331 * (x * x) * (x * x) || log(u) < 0.5 * x * x + d * (1 - v + log(v)) else { continue }
            var result = d * v
            if isSmall {
                if uniforms.isEmpty { uniforms = Double.uniforms(&generator) }
                result *= pow(uniforms.removeLast(), 1 / shape)
            }
            return result
        }
        return .nan
    }
}

/// Poisson distribution.
///
/// - Source: Knuth, "Seminumerical algorithms", for rates below 10; Hörmann, "The transformed rejection method", 1993, above.
struct PoissonSampler: RandomSampler {
    func sample(_ parameters: [Double], _ generator: Philox, index: UInt64) -> Double {
        let rate = parameters[0]
        guard rate.isFinite, rate >= 0 else { return .nan }
        var uniforms = UniformNumbers<Double>(generator.skipping(256 &* index))
        return rate < 10 ? small(rate, &uniforms) : large(rate, &uniforms)
    }

    private func small(_ rate: Double, _ uniforms: inout UniformNumbers<Double>) -> Double {
        let limit = exp(-rate)
        var product: Double = 1, count: Double = 0
        while true {
            product *= uniforms.next()
            if product <= limit { return count }
            count += 1
        }
    }

    private func large(_ rate: Double, _ uniforms: inout UniformNumbers<Double>) -> Double {
        let logarithm = log(rate)
        let b = 0.931 + 2.53 * rate.squareRoot(), a = -0.059 + 0.02483 * b
        let inverse = 1.1239 + 1.1328 / (b - 3.4)
        while true {
            let u = uniforms.next() - 0.5, v = uniforms.next()
            let shifted = 0.5 - abs(u)
            let k = ((2 * a / shifted + b) * u + rate + 0.43).rounded(.down)
            if shifted >= 0.07, v <= 0.9277 - 3.6224 / (b - 2) { return k }
            if k < 0 || shifted < 0.013 && v > shifted { continue }
            let s = log(v * inverse / (a / (shifted * shifted) + b))
            let t = -rate + k * logarithm - lgamma(k + 1)
            if s <= t { return k }
        }
    }
}

/// Binomial distribution: how many of so many trials succeed.
///
/// - Source: sums of geometric numbers below 10 expected successes; Hörmann, "The generation of binomial random variates", 1993,
///   above.
struct BinomialSampler: RandomSampler {
    /// Whether probabilities are compared in 32 bits.
    let isSingle: Bool

    func sample(_ parameters: [Double], _ generator: Philox, index: UInt64) -> Double {
        let count = parameters[0], probability = parameters[1]
        guard count.isFinite, !probability.isNaN else { return .nan }
        if count <= 0 || probability <= 0 { return 0 }
        if probability >= 1 { return count }
        let complement = isSingle ? Double(1 - Float(probability)) : 1 - probability
        let isLikely = probability > 0.5
        let chance = isLikely ? complement : probability
        let expected = isSingle ? Double(Float(count) * Float(chance)) : count * chance
        let successes =
            expected >= 10
            ? rejected(count, chance, generator.skipping(256 &* index)) : inverted(count, chance, generator.skipping(42 &* index))
        return isLikely ? count - successes : successes
    }

    private func inverted(_ count: Double, _ chance: Double, _ generator: Philox) -> Double {
        var uniforms = UniformNumbers<Double>(generator)
        var sum = 0.0, successes = 0.0
        while true {
            sum += (log(uniforms.next()) / log1p(-chance)).rounded(.up)
            if sum > count { return successes }
            successes += 1
        }
    }

    private static let tails: [Double] = [
        0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211, 0.0138761288230707,
        0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287,
    ]

    /// What Stirling's formula lacks.
    private func tail(_ k: Double) -> Double {
        if k <= 9 { return Self.tails[max(0, Int(k))] }
        let square = (k + 1) * (k + 1)
        return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1)
    }

    private func rejected(_ count: Double, _ chance: Double, _ generator: Philox) -> Double {
        let deviation = (count * chance * (1 - chance)).squareRoot()
        let b = 1.15 + 2.53 * deviation, a = -0.0873 + 0.0248 * b + 0.01 * chance, c = count * chance + 0.5
        let limit = 0.92 - 4.2 / b, ratio = chance / (1 - chance), alpha = (2.83 + 5.1 / b) * deviation
        let m = ((count + 1) * chance).rounded(.down)
        var uniforms = UniformNumbers<Double>(generator)
        while true {
            let u = uniforms.next() - 0.5
            var v = uniforms.next()
            let shifted = 0.5 - abs(u)
            let k = ((2 * a / shifted + b) * u + c).rounded(.down)
            if shifted >= 0.07, v <= limit { return k }
            if k < 0 || k > count || k.isNaN { continue }
            v = log(v * alpha / (a / (shifted * shifted) + b))
            let bound =
                (m + 0.5) * log((m + 1) / (ratio * (count - m + 1))) + (count + 1) * log((count - m + 1) / (count - k + 1))
                + (k + 0.5) * log(ratio * (count - k + 1) / (k + 1)) + tail(m) + tail(count - m) - tail(k) - tail(count - k)
            if v <= bound { return k }
        }
    }
}
