import GraphIR

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a classical operator does to the scores of one row.
///
/// - Source: attribute post_transform of the operators of ai.onnx.ml.
enum PostTransform: String, CaseIterable, Sendable {
    case none = "NONE"
    case softmax = "SOFTMAX"
    case logistic = "LOGISTIC"
    case softmaxZero = "SOFTMAX_ZERO"
    case probit = "PROBIT"

    func apply(_ scores: UnsafeMutablePointer<Float>, _ count: Int) {
        switch self {
        case .none: return
        case .softmax: softmax(scores, count, sparesZeros: false)
        case .softmaxZero: softmax(scores, count, sparesZeros: true)
        case .logistic: for index in 0..<count { scores[index] = Self.logistic(scores[index]) }
        case .probit: for index in 0..<count { scores[index] = Self.probit(scores[index]) }
        }
    }

    /// The scores of two classes from the one score that a binary model computes.
    ///
    /// - Parameter isProbability: whether the score is one, so that the other class has the rest; else it is a margin.
    func binary(_ score: Float, isProbability: Bool, into scores: UnsafeMutablePointer<Float>) {
        switch self {
        case .logistic: (scores[0], scores[1]) = (Self.logistic(-score), Self.logistic(score))
        case .probit: (scores[0], scores[1]) = (Self.probit(1 - score), Self.probit(score))
        case .none, .softmax, .softmaxZero: (scores[0], scores[1]) = (isProbability ? 1 - score : -score, score)
        }
    }

    /// - Parameter sparesZeros: whether a score of 0 keeps the weight 0.
    private func softmax(_ scores: UnsafeMutablePointer<Float>, _ count: Int, sparesZeros: Bool) {
        var top = -Float.infinity
        for index in 0..<count { top = max(top, scores[index]) }
        var sum: Float = 0
        for index in 0..<count {
            let isZero = sparesZeros && abs(scores[index]) <= 1e-7
            scores[index] = isZero ? 0 : exp(scores[index] - top)
            sum += scores[index]
        }
        guard sum != 0 else { return }
        for index in 0..<count { scores[index] /= sum }
    }

    private static func logistic(_ x: Float) -> Float {
        let tail = 1 / (1 + exp(-abs(x)))
        return x < 0 ? 1 - tail : tail
    }

    /// The inverse of the normal distribution function; infinite at 0 and 1, NaN outside.
    private static func probit(_ probability: Float) -> Float {
        let p = Double(probability)
        guard p > 0, p < 1 else { return p == 0 ? -.infinity : p == 1 ? .infinity : .nan }
        // A start from the logistic distribution, which the normal one resembles, then Newton steps on erfc.
        var x = log(p / (1 - p)) / 1.702
        for _ in 0..<60 {
            let error = 0.5 * erfc(-x / 2.0.squareRoot()) - p
            let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
            // Halley's correction keeps the steps small in the tails, where the density is.
            let step = error / density
            let correction = step / max(1 + x * step / 2, 0.5)
            x -= correction
            if abs(correction) < 1e-12 { break }
        }
        return Float(x)
    }
}
