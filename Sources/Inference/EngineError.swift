package import GraphIR

/// Why a network cannot be lowered, planned or run.
package enum EngineError: Error, Sendable, CustomStringConvertible {
    /// No operator of this name, domain and version is known; `known` holds the versions that are.
    case unsupportedOperator(node: String, name: String, domain: String, version: Int, known: [ClosedRange<Int>])
    /// An operator refused: while it was made, typed, compiled or run.
    case node(name: String, operatorName: String, OperatorError)
    /// The graph itself is wrong: an unknown name, a name made twice.
    case invalidGraph(String)
    /// The inputs of a run do not match the graph's.
    case invalidInput(name: String, reason: String)
    case tooLarge(what: String, byteCount: Int, limit: Int)

    package var description: String {
        switch self {
        case .unsupportedOperator(let node, let name, let domain, let version, let known):
            let place = "node \"\(node)\": operator \(name) of domain \(domain.isEmpty ? "ai.onnx" : domain)"
            if known.isEmpty {
                return "\(place), version \(version), is not supported; see apus version --json for the operators that are"
            }
            let ranges = known.map(Self.text).joined(separator: ", ")
            return "\(place) is supported for versions \(ranges), found version \(version); export the model with such an operator set"
        case .node(let name, let operatorName, let error):
            return "node \"\(name)\" (\(operatorName)): \(error)"
        case .invalidGraph(let reason):
            return reason
        case .invalidInput(let name, let reason):
            return "input \"\(name)\" \(reason)"
        case .tooLarge(let what, let byteCount, let limit):
            return "\(what) needs \(byteCount) bytes, over the limit of \(limit); send a smaller input or raise the limit"
        }
    }

    /// Whether the model, and not one request, is at fault with something Apus does not compute.
    package var isUnsupported: Bool {
        switch self {
        case .unsupportedOperator: true
        case .node(_, _, .unsupported): true
        default: false
        }
    }

    private static func text(_ range: ClosedRange<Int>) -> String {
        range.upperBound == Int.max ? "\(range.lowerBound) and later" : "\(range.lowerBound) to \(range.upperBound)"
    }
}

/// Bounds that keep one model or one request from taking the machine.
package struct EngineLimits: Sendable {
    /// Bytes of one arena: all intermediate values that live at once, for one input shape.
    package var maximumArenaBytes = 8 << 30
    /// Bytes of one value that is computed ahead of requests.
    package var maximumFoldedBytes = 64 << 20
    /// Plans kept for one model, one for each combination of input shapes.
    package var maximumPlans = 64

    package init() {}
}
