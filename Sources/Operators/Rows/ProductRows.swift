import GraphIR

extension RowInputs {
    /// The product of inputs 0 and 1 as `ProductShape` defines it, either of them transposed on request.
    func stackedProduct(turnsLeft: Bool = false, turnsRight: Bool = false) -> RowFlow {
        guard let left = extents(0), let right = extents(1), let rank = outputs.first?.rank else {
            return .mixed(RowReason.unknown)
        }
        if let axis = axis(0), axis >= left.count - 2 {
            guard axis == left.count - (turnsLeft ? 1 : 2) else { return .mixed(RowReason.joined) }
            guard self.axis(1) == nil else { return .mixed(RowReason.crossed) }
            return .rows(axis: rank - (right.count > 1 ? 2 : 1), of: self)
        }
        if let axis = axis(1), axis >= right.count - 2 {
            guard right.count > 1, axis == right.count - (turnsRight ? 2 : 1) else { return .mixed(RowReason.joined) }
            guard self.axis(0) == nil else { return .mixed(RowReason.crossed) }
            return .rows(axis: rank - 1, of: self)
        }
        // Leading axes come first in the result, so that an axis of the stack is the same axis there.
        return broadcast([
            RowOperand(extents: left.dropLast(2), axis: axis(0)), RowOperand(extents: right.dropLast(2), axis: axis(1)),
        ])
    }
}
