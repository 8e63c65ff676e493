import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Inverses of the error function and integrals of the same kind.
enum ErrorFunctions {
    /// The number below which a normally distributed one lies with probability `p`.
    static func ndtri(_ p: Double) -> Double {
        guard p > 0, p < 1 else { return p == 0 ? -.infinity : p == 1 ? .infinity : .nan }
        // From the half of small probabilities, whose digits are all kept.
        return p > 0.5 ? tail(1 - p) : -tail(p)
    }

    static func erfinv(_ y: Double) -> Double {
        let size = y.magnitude
        guard size < 1 else { return size == 1 ? (y > 0 ? .infinity : -.infinity) : .nan }
        if size < 0.5 {
            // Newton's steps from the beginning of the series.
            let scaled = y * Double.pi.squareRoot() / 2
            var x = scaled * (1 + scaled * scaled / 3)
            for _ in 0..<5 { x -= (erf(x) - y) * Double.pi.squareRoot() / 2 * exp(x * x) }
            return x
        }
        let x = tail((1 - size) / 2) * 0.5.squareRoot()
        return y < 0 ? -x : x
    }

    /// The x above 0 that a normally distributed number exceeds with probability `p`, at most 1/2.
    private static func tail(_ p: Double) -> Double {
        let t = (-2 * log(p)).squareRoot()
        var x = max(t - (2.30753 + 0.27061 * t) / (1 + (0.99229 + 0.04481 * t) * t), 0)
        for _ in 0..<4 {
            let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
            guard density > 0 else { break }
            let error = (erfc(x * 0.5.squareRoot()) / 2 - p) / density
            // Halley's step.
            x += error / (1 - x * error / 2)
        }
        return x
    }

    /// e^(−x²) ∫ e^(t²) dt from 0 to x: Rybicki's sum of shifted bells.
    static func dawson(_ x: Double) -> Double {
        let size = x.magnitude
        guard !x.isNaN else { return x }
        if size < 0.2 {
            var term = x, sum = x
            for k in 1...12 {
                term *= -2 * x * x / Double(2 * k + 1)
                sum += term
            }
            return sum
        }
        if size > 40 {
            let square = 1 / (2 * x * x)
            return (1 + square * (1 + 3 * square * (1 + 5 * square))) / (2 * x)
        }
        let step = 0.2, center = 2 * (size / (2 * step)).rounded()
        var sum = 0.0
        for place in stride(from: -39.0, through: 39.0, by: 2) {
            let distance = size - (center + place) * step
            sum += exp(-distance * distance) / (center + place)
        }
        let value = sum / Double.pi.squareRoot()
        return x < 0 ? -value : value
    }

    /// ∫ sin(πt²/2) dt and ∫ cos(πt²/2) dt from 0 to x.
    static func fresnel(_ x: Double) -> (sine: Double, cosine: Double) {
        let size = x.magnitude
        guard !x.isNaN else { return (x, x) }
        var result: (sine: Double, cosine: Double)
        if size < 2 {
            result = fresnelSeries(size)
        } else if size > 1e8 {
            result = (0.5, 0.5)
        } else {
            // The phase is that of what x² has behind its multiples of 4.
            let phase = (size * size).truncatingRemainder(dividingBy: 4) * Double.pi / 2
            let (f, g) = fresnelAuxiliaries(size)
            result = (0.5 - f * cos(phase) - g * sin(phase), 0.5 + f * sin(phase) - g * cos(phase))
        }
        return x < 0 ? (-result.sine, -result.cosine) : result
    }

    private static func fresnelSeries(_ x: Double) -> (sine: Double, cosine: Double) {
        let square = Double.pi / 2 * x * x
        var term = x, sine = 0.0, cosine = 0.0
        for k in 0..<40 {
            let part = term / Double(2 * k + 1)
            switch k % 4 {
            case 0: cosine += part
            case 1: sine += part
            case 2: cosine -= part
            default: sine -= part
            }
            term *= square / Double(k + 1)
        }
        return (sine, cosine)
    }

    /// √2/π ∫ e^(−πx²u²/2) / (1 + u⁴) du from 0 on, and the same with u² above the line, by the trapezoidal rule.
    private static func fresnelAuxiliaries(_ x: Double) -> (Double, Double) {
        let step = min(0.08, 0.35 / x)
        var f = 0.5, g = 0.0, place = 1.0
        while true {
            let u = place * step, square = u * u
            let bell = exp(-Double.pi * x * x * square / 2)
            guard bell > 1e-18 else { break }
            f += bell / (1 + square * square)
            g += bell * square / (1 + square * square)
            place += 1
        }
        let scale = step * 2.0.squareRoot() / Double.pi
        return (f * scale, g * scale)
    }
}
