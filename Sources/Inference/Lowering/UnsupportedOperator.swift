import GraphIR

/// An operator of a model that the engine does not know, with the first node that uses it.
package struct UnsupportedOperator: Sendable, CustomStringConvertible {
    package let node: String
    package let name: String
    package let domain: String
    package let version: Int
    /// The versions that are known.
    package let known: [ClosedRange<Int>]
    private let dialect: Dialect

    init(_ node: SourceNode, _ dialect: Dialect, known: [ClosedRange<Int>]) {
        self.node = node.name
        name = node.operatorName
        domain = node.domain
        version = node.version
        self.known = known
        self.dialect = dialect
    }

    /// Equal for uses of one operator.
    var key: String { "\(domain) \(name) \(version)" }

    package var description: String {
        guard dialect == .onnx else { return "\(name) (node \"\(node)\")" }
        let place = "node \"\(node)\": operator \(name) of domain \(domain.isEmpty ? "ai.onnx" : domain)"
        if known.isEmpty { return "\(place), version \(version), is not supported" }
        let ranges = known.map(Self.text).joined(separator: ", ")
        return "\(place) is supported for versions \(ranges), found version \(version); export the model with such an operator set"
    }

    static func text(_ operators: [UnsupportedOperator]) -> String {
        let list = operators.map(\.description)
        guard let first = operators.first, first.dialect == .onnx else {
            return "operators that are not supported: \(list.joined(separator: ", ")); see apus version --json for those that are"
        }
        let hint = operators.contains { $0.known.isEmpty } ? "; see apus version --json for the operators that are" : ""
        return list.joined(separator: "; ") + hint
    }

    private static func text(_ range: ClosedRange<Int>) -> String {
        range.upperBound == Int.max ? "\(range.lowerBound) and later" : "\(range.lowerBound) to \(range.upperBound)"
    }
}
