import GraphIR

/// How an update meets what is already there.
///
/// Updates of the same place are applied in the order of the indices.
enum ScatterReduction: String, CaseIterable, Sendable {
    case none, add, mul, max, min

    @inline(__always)
    func combine<Element: NumericElement>(_ old: Element, _ update: Element) -> Element {
        switch self {
        case .none: update
        case .add: old.plus(update)
        case .mul: old.times(update)
        case .max: old.isBelow(update) ? update : old
        case .min: old.isNaNElement || !update.isBelow(old) && !update.isNaNElement ? old : update
        }
    }

    /// Reads the attribute, which `min` and `max` joined in opset 18.
    static func read(_ reader: AttributeReader) throws(OperatorError) -> ScatterReduction {
        guard reader.version >= 16 else { return .none }
        return try reader.choice("reduction", default: .none)
    }
}
