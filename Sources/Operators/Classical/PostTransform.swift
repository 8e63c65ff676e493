import GraphIR

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a classical operator does to the scores of one row.
///
/// - Source: attribute post_transform of the operators of ai.onnx.ml. The standard does not say what becomes of a score that stands
///   alone; onnxruntime, which exporters check their models with, leaves it as it is, but for PROBIT.
enum PostTransform: String, CaseIterable, Sendable {
    case none = "NONE"
    case softmax = "SOFTMAX"
    case logistic = "LOGISTIC"
    case softmaxZero = "SOFTMAX_ZERO"
    case probit = "PROBIT"

    func apply(_ scores: UnsafeMutablePointer<Float>, _ count: Int) {
        guard count > 1 || self == .probit else { return }
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

    /// The inverse of the normal distribution function, by Winitzki's approximation of the inverse error function, which the
    /// reference implementations compute: within 0.5 %; infinite at 0 and 1, NaN outside.
    private static func probit(_ probability: Float) -> Float {
        let x = 2 * probability - 1, shape: Float = 0.147
        let logarithm = log((1 - x) * (1 + x))
        let half = 2 / (.pi * shape) + logarithm / 2
        let root = ((half * half - logarithm / shape).squareRoot() - half).squareRoot()
        return (x < 0 ? -root : root) * Float(2).squareRoot()
    }
}
