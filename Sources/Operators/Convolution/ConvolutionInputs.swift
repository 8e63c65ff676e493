import GraphIR
import Tensors

/// Checks of inputs that Conv and ConvTranspose share.
enum ConvolutionInputs {
    /// The rank of data and weights: batch, channels and 1 to 3 spatial axes; nil while neither is known.
    static func rank(_ x: SymbolicShape?, _ weights: SymbolicShape?) throws(OperatorError) -> Int? {
        for (index, shape) in [x, weights].enumerated() {
            guard let shape, !(3...5).contains(shape.rank) else { continue }
            throw .invalidInput(index: index, reason: "is \(shape) with \(shape.rank) axes, expected 3 to 5")
        }
        if let x, let weights, x.rank != weights.rank {
            throw .invalidInput(index: 1, reason: "has \(weights.rank) axes, input 0 has \(x.rank)")
        }
        return x?.rank ?? weights?.rank
    }

    static func checkBias(_ bias: ValueFact?, channels: Dimension) throws(OperatorError) {
        guard let shape = bias?.shape else { return }
        guard shape.rank == 1 else {
            throw .invalidInput(index: 2, reason: "is \(shape), expected one value for each output channel")
        }
        if let count = shape[0].value, let channels = channels.value, count != channels {
            throw .invalidInput(index: 2, reason: "has \(count) values, expected one for each of \(channels) output channels")
        }
    }

    static func checkResidual(_ residual: ValueFact?, _ result: SymbolicShape) throws(OperatorError) {
        guard let shape = residual?.concrete?.shape, let result = result.concrete, shape != result else { return }
        throw .invalidInput(index: 3, reason: "is \(shape), expected the result's shape \(result)")
    }
}
