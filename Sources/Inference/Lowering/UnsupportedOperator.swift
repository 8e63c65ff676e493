import GraphIR

/// An operator of a model that the engine does not know, with the first node that uses it and how many others do.
package struct UnsupportedOperator: Sendable, CustomStringConvertible {
    package let node: String
    package let name: String
    package let domain: String
    package let version: Int
    package var otherNodes = 0
    /// The versions that are known.
    package let known: [ClosedRange<Int>]
    /// What to do about it.
    let advice: String?
    let dialect: Dialect

    init(_ node: SourceNode, _ dialect: Dialect, _ catalog: OperatorCatalog) {
        self.node = node.name
        name = node.operatorName
        domain = node.domain
        version = node.version
        known = catalog.knownVersions(of: node, dialect: dialect)
        advice = catalog.advice(domain: node.domain)
        self.dialect = dialect
    }

    /// Equal for uses of one operator.
    var key: String { "\(domain) \(name) \(version)" }

    package var description: String {
        let others = otherNodes == 0 ? "" : " and \(otherNodes) other\(otherNodes == 1 ? "" : "s")"
        guard dialect == .onnx else { return "\(name) (node \"\(node)\"\(others))" }
        let place = "node \"\(node)\"\(others): operator \(name) of domain \(domain.isEmpty ? "ai.onnx" : domain)"
        if known.isEmpty { return "\(place), version \(version), is not supported" }
        let ranges = known.map(Self.text).joined(separator: ", ")
        return "\(place) is supported for versions \(ranges), found version \(version); export the model with such an operator set"
    }

    private static func text(_ range: ClosedRange<Int>) -> String {
        range.upperBound == Int.max ? "\(range.lowerBound) and later" : "\(range.lowerBound) to \(range.upperBound)"
    }
}
