import GraphIR

/// How an update meets what is already there.
///
/// Updates of the same place are applied in the order of the indices.
enum ScatterReduction: String, CaseIterable, Sendable {
    case none, add, mul, max, min
    /// TensorFlow's alone.
    case sub

    @inline(__always)
    func combine<Element: NumericElement>(_ old: Element, _ update: Element) -> Element {
        switch self {
        case .none: update
        case .add: old.plus(update)
        case .sub: old.minus(update)
        case .mul: old.times(update)
        case .max: old.isBelow(update) ? update : old
        case .min: old.isNaNElement || !update.isBelow(old) && !update.isNaNElement ? old : update
        }
    }

    /// Reads the attribute, which `min` and `max` joined in opset 18.
    static func read(_ reader: AttributeReader) throws(OperatorError) -> ScatterReduction {
        guard reader.version >= 16 else { return .none }
        let reduction = try reader.choice("reduction", default: ScatterReduction.none)
        guard reduction != .sub else { throw .invalidAttribute(name: "reduction", reason: "is \"sub\"") }
        return reduction
    }
}
