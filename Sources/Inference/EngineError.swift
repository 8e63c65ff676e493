package import GraphIR
package import Tensors

/// Why a network cannot be lowered, planned or run.
package enum EngineError: Error, Sendable, CustomStringConvertible {
    /// Operators that are not known by their names, domains and versions, and nodes whose operators, which are known, do not
    /// compute what they ask for. What depends on them has not been looked at.
    case unsupported([UnsupportedOperator], nodes: [NodeError])
    /// An operator refused: while it was made, typed, compiled or run.
    case node(name: String, operatorName: String, OperatorError)
    /// The graph itself is wrong: an unknown name, a name made twice.
    case invalidGraph(String)
    /// The inputs of a run do not match the graph's.
    case invalidInput(name: String, reason: String)
    case tooLarge(what: String, byteCount: Int, limit: Int)
    /// Memory for something that belongs to no single node was not given.
    case memory(what: String, MemoryRefusal)
    /// The run was stopped before it had finished.
    case stopped(RunToken.Reason)

    init(_ error: NodeError) { self = .node(name: error.node, operatorName: error.operatorName, error.error) }

    package var description: String {
        switch self {
        case .unsupported(let operators, let nodes): return UnsupportedParts.text(operators, nodes)
        case .node(let name, let operatorName, let error):
            return "node \"\(name)\" (\(operatorName)): \(error)"
        case .invalidGraph(let reason):
            return reason
        case .invalidInput(let name, let reason):
            return "input \"\(name)\" \(reason)"
        case .tooLarge(let what, let byteCount, let limit):
            return "\(what) needs \(byteCount) bytes, over the limit of \(limit); send a smaller input or raise the limit"
        case .memory(let what, let refusal):
            return "\(what) \(refusal)"
        case .stopped(let reason):
            return reason.description
        }
    }

    /// Whether the model, and not one request, is at fault with something Apus does not compute.
    package var isUnsupported: Bool {
        switch self {
        case .unsupported: true
        case .node(_, _, let error): error.isUnsupported
        default: false
        }
    }

    /// The refusal of memory behind the error; nil for any other cause.
    package var memoryRefusal: MemoryRefusal? {
        switch self {
        case .memory(_, let refusal), .node(_, _, .memory(let refusal)): refusal
        default: nil
        }
    }
}

/// Runs an operator's code and names the node in what it throws.
func attributing<Result>(_ node: Node, _ body: () throws(OperatorError) -> Result) throws(EngineError) -> Result {
    do {
        return try body()
    } catch {
        throw .node(name: node.name, operatorName: node.op.name, error)
    }
}
