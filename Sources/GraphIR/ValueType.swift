package import Tensors

/// What a value of a graph is.
///
/// Kernels see tensors with dense bytes only. Strings, sequences, maps, optionals and resources live in object slots beside
/// the arena and are read and made by dynamic steps.
package indirect enum ValueType: Sendable, Hashable, CustomStringConvertible {
    case tensor(TensorType)
    /// ONNX `Sequence`: any number of values of one type.
    case sequence(ValueType)
    /// ONNX `Map`: keys are integers or strings.
    case map(key: ElementType, value: ValueType)
    /// ONNX `Optional`: a value or none.
    case optional(ValueType)
    /// Something that outlives a run: a variable, a lookup table. The word says which kind.
    case resource(kind: String)

    /// The tensor type, nil for anything else.
    package var tensor: TensorType? {
        if case .tensor(let type) = self { type } else { nil }
    }

    /// Whether values of the type are elements in consecutive bytes, which an arena can hold.
    package var isDense: Bool { tensor.map { $0.elementType.isDense } ?? false }

    package var description: String {
        switch self {
        case .tensor(let type): type.description
        case .sequence(let element): "sequence(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .optional(let value): "optional(\(value))"
        case .resource(let kind): "resource(\(kind))"
        }
    }
}
