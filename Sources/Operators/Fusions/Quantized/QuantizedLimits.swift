import GraphIR
import Tensors

/// Activations that only limit numbers, on integers.
extension Graph {
    /// The integers between which an activation before a quantization keeps the result, since rounding keeps the order of numbers:
    /// Q(min(max(x, low), high)) = min(max(Q(x), Q(low)), Q(high)). nil for another activation, or without constant parameters.
    func limits(_ node: Node, quantizedAs result: QuantizedValue) -> ClosedRange<Int32>? {
        guard let activation = (node.op as? any FusableActivation)?.fusedActivation(of: facts(of: node)), node.outputs.count == 1,
            let (scale, zero) = parameters(result), scale > 0
        else { return nil }
        let low: Float, high: Float
        switch activation {
        case .relu: (low, high) = (0, .infinity)
        case .clip(let first, let second): (low, high) = (first, second)
        default: return nil
        }
        guard low <= high else { return nil }
        let rounding = LinearRounding(isSigned: result.type == .int8, zero: zero)
        return rounding.integer(low / scale)...rounding.integer(high / scale)
    }
}
