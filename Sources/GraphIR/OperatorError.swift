/// Why an operator cannot be made, typed, compiled or run. The node's name is added where the error passes the graph.
package enum OperatorError: Error, Sendable, CustomStringConvertible {
    case invalidAttribute(name: String, reason: String)
    /// `index` counts the node's inputs.
    case invalidInput(index: Int, reason: String)
    case wrongInputCount(found: Int, expected: ClosedRange<Int>)
    /// A combination the standard allows and Apus does not compute yet.
    case unsupported(String)
    /// A value met while running: an index out of range, a negative size.
    case invalidValue(String)

    package var description: String {
        switch self {
        case .invalidAttribute(let name, let reason): "attribute \"\(name)\" \(reason)"
        case .invalidInput(let index, let reason): "input \(index) \(reason)"
        case .wrongInputCount(let found, let expected):
            expected.lowerBound == expected.upperBound
                ? "has \(found) inputs, expected \(expected.lowerBound)"
                : "has \(found) inputs, expected \(expected.lowerBound) to \(expected.upperBound)"
        case .unsupported(let what): "\(what) is not supported"
        case .invalidValue(let reason): reason
        }
    }
}
