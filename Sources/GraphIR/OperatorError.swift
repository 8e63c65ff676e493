package import Tensors

/// Why an operator cannot be made, typed, compiled or run. The node's name is added where the error passes the graph.
package enum OperatorError: Error, Sendable, CustomStringConvertible {
    case invalidAttribute(name: String, reason: String)
    /// `index` counts the node's inputs.
    case invalidInput(index: Int, reason: String)
    case wrongInputCount(found: Int, expected: ClosedRange<Int>)
    /// A combination the standard allows and Apus does not compute yet.
    case unsupported(String)
    /// An element type that the operator is not computed for.
    case unsupportedType(input: Int, found: ElementType, supported: Set<ElementType>)
    /// A value met while running: an index out of range, a negative size.
    case invalidValue(String)
    /// A result that takes more memory than a run may have, or than there is.
    case memory(MemoryRefusal)
    /// Something that the operator needs, and that was there when the model was loaded, is gone.
    case unavailable(String)
    /// The run was asked to stop: its time is over, or nobody waits for it.
    case stopped

    /// Whether the model uses something that Apus does not compute, as opposed to being wrong.
    package var isUnsupported: Bool {
        switch self {
        case .unsupported, .unsupportedType: true
        default: false
        }
    }

    package var description: String {
        switch self {
        case .invalidAttribute(let name, let reason): "attribute \"\(name)\" \(reason)"
        case .invalidInput(let index, let reason): "input \(index) \(reason)"
        case .wrongInputCount(let found, let expected):
            expected.lowerBound == expected.upperBound
                ? "has \(found) inputs, expected \(expected.lowerBound)"
                : "has \(found) inputs, expected \(expected.lowerBound) to \(expected.upperBound)"
        case .unsupported(let what): "\(what) is not supported"
        case .unsupportedType(let input, let found, let supported):
            "input \(input) of type \(found) is not supported; supported are "
                + supported.map(\.name).sorted().joined(separator: ", ")
        case .invalidValue(let reason): reason
        case .memory(let refusal): refusal.description
        case .unavailable(let what): what
        case .stopped: "the run was stopped"
        }
    }
}
