package import Tensors

/// The contents of a value that does not lie in an arena: made by a dynamic step, kept in an object slot.
package indirect enum RuntimeValue: Sendable {
    case tensor(Tensor)
    case strings(StringTensor)
    case sequence([RuntimeValue])
    case map(RuntimeMap)
    case optional(RuntimeValue?)
    case list(TensorList)
    case resource(any Resource)

    package init(_ value: TensorValue) {
        switch value {
        case .dense(let tensor): self = .tensor(tensor)
        case .strings(let tensor): self = .strings(tensor)
        }
    }

    /// The contents as a request or an answer has them; nil for what is no tensor.
    package var tensorValue: TensorValue? {
        switch self {
        case .tensor(let tensor): .dense(tensor)
        case .strings(let tensor): .strings(tensor)
        default: nil
        }
    }

    /// Element type and shape of a tensor; nil for what is none.
    package var spec: TensorSpec? {
        switch self {
        case .tensor(let tensor): tensor.spec
        case .strings(let tensor): TensorSpec(.string, tensor.shape)
        default: nil
        }
    }

    /// nil for what is no tensor.
    package var elementType: ElementType? {
        switch self {
        case .tensor(let tensor): tensor.elementType
        case .strings: .string
        default: nil
        }
    }

    package var kind: String {
        switch self {
        case .tensor(let tensor): tensor.spec.description
        case .strings(let tensor): "string\(tensor.shape)"
        case .sequence(let elements): "sequence of \(elements.count)"
        case .map(let map): "map of \(map.count)"
        case .optional(let value): value.map { "optional \($0.kind)" } ?? "empty optional"
        case .list(let list): list.description
        case .resource: "resource"
        }
    }
}

/// Keys with their values, in the order in which they were made.
package enum RuntimeMap: Sendable {
    case integers([(key: Int64, value: RuntimeValue)])
    case strings([(key: [UInt8], value: RuntimeValue)])

    package var count: Int {
        switch self {
        case .integers(let entries): entries.count
        case .strings(let entries): entries.count
        }
    }
}

/// State of a model that outlives a run: a variable, a lookup table.
///
/// Shared by all runs of a version; a conformance guards its own contents.
package protocol Resource: AnyObject, Sendable {
    /// Bytes that it holds now, counted against the memory budget.
    var byteCount: Int { get }
}
