import GraphIR
import Tensors

/// Checks that normalisations share.
enum NormalizationInputs {
    /// 16-bit floats by way of float32.
    static let elementTypes = ElementTypes.floatingPoint

    static func epsilon(_ attributes: AttributeReader, default fallback: Float = 1e-5) throws(OperatorError) -> Float {
        let value = try attributes.float("epsilon", default: fallback)
        guard value >= 0 else { throw .invalidAttribute(name: "epsilon", reason: "is \(value), expected at least 0") }
        return value
    }

    /// Refuses a parameter that is not one value for each of `count` channels or groups.
    static func checkVector(
        _ inputs: OperatorInputs, _ index: Int, type: ElementType, count: Dimension, of what: String
    ) throws(OperatorError) {
        let fact = try inputs.required(index, of: [type])
        guard let shape = fact.shape else { return }
        guard shape.rank == 1 else {
            throw .invalidInput(index: index, reason: "is \(shape), expected one value for each \(what)")
        }
        if let found = shape[0].value, let expected = count.value, found != expected {
            throw .invalidInput(index: index, reason: "has \(found) values, expected one for each of \(expected) \(what)s")
        }
    }

    /// The extent of the channel axis; data needs batch and channels.
    static func channels(_ x: ValueFact, _ layout: TensorLayout) throws(OperatorError) -> Dimension {
        guard let shape = x.shape else { return .unknown }
        guard shape.rank >= 2 else {
            throw .invalidInput(index: 0, reason: "is \(shape), expected at least 2 axes: batch and channels")
        }
        return layout.channels(shape)
    }
}
