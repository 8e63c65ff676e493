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
    /// Tensors of one element type in a list (TensorFlow's `TensorList`, a variant); the shape is what is known of every element.
    case list(TensorType)
    /// Something that outlives a run.
    case resource(ResourceKind)

    /// The tensor type, nil for anything else.
    package var tensor: TensorType? {
        if case .tensor(let type) = self { type } else { nil }
    }

    /// Whether values of the type are elements in consecutive bytes, which an arena can hold.
    package var isDense: Bool { tensor.map { $0.elementType.isDense } ?? false }

    /// Whether values of the type are tensors of strings.
    package var isText: Bool { tensor?.elementType == .string }

    /// The same without what is known of shapes: a value that a loop carries may change them from round to round.
    package var ignoringShape: ValueType {
        switch self {
        case .tensor(let type): .tensor(TensorType(type.elementType, nil))
        case .list(let type): .list(TensorType(type.elementType, nil))
        case .sequence(let element): .sequence(element.ignoringShape)
        case .optional(let value): .optional(value.ignoringShape)
        case .map, .resource: self
        }
    }

    package var description: String {
        switch self {
        case .tensor(let type): type.description
        case .sequence(let element): "sequence(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .optional(let value): "optional(\(value))"
        case .list(let element): "list(\(element))"
        case .resource(let kind): "resource(\(kind))"
        }
    }
}

/// What a resource is.
package enum ResourceKind: Sendable, Hashable, CustomStringConvertible {
    case variable(TensorType)
    /// A lookup table.
    case table(key: ElementType, value: TensorType)
    /// TensorFlow 1's `TensorArray`.
    case array(TensorType)
    case other(String)

    package var description: String {
        switch self {
        case .variable(let type): "variable \(type)"
        case .table(let key, let value): "table \(key) → \(value)"
        case .array(let element): "array of \(element)"
        case .other(let name): name
        }
    }
}
