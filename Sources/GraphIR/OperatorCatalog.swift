/// One name under which an operator appears in models, and how to make the operator from it.
package struct OperatorSpelling: Sendable {
    package let dialect: Dialect
    package let domain: String
    package let name: String
    /// Versions of the domain's operator set that this reading holds for.
    package let versions: ClosedRange<Int>
    package let make: @Sendable (AttributeReader) throws(OperatorError) -> any Operator

    /// An operator of ONNX's default domain (or `domain`), from the opset `since` up to `through`.
    package static func onnx(
        _ name: String, domain: String = "", since: Int = 1, through: Int = Int.max,
        make: @escaping @Sendable (AttributeReader) throws(OperatorError) -> any Operator
    ) -> OperatorSpelling {
        OperatorSpelling(dialect: .onnx, domain: domain, name: name, versions: since...through, make: make)
    }

    /// An operator of TensorFlow; its attributes may be left out where the definition has a default.
    package static func tensorFlow(
        _ name: String, make: @escaping @Sendable (AttributeReader) throws(OperatorError) -> any Operator
    ) -> OperatorSpelling {
        OperatorSpelling(dialect: .tensorFlow, domain: "", name: name, versions: 0...Int.max, make: make)
    }
}

/// Every operator that the engine knows, by source name.
package struct OperatorCatalog: Sendable {
    private struct Key: Hashable {
        let dialect: Dialect
        let domain: String
        let name: String
    }

    private let spellings: [Key: [OperatorSpelling]]
    private let advice: [String: String]

    /// - Parameter advice: by domain, what to do about a model that has operators of it, where none of them is known.
    /// - Precondition: the version ranges of one name do not overlap.
    package init(_ list: [OperatorSpelling], advice: [String: String] = [:]) {
        self.advice = advice
        spellings = Dictionary(grouping: list) { Key(dialect: $0.dialect, domain: $0.domain, name: $0.name) }
        for (key, group) in spellings {
            let sorted = group.sorted { $0.versions.lowerBound < $1.versions.lowerBound }
            for (earlier, later) in zip(sorted, sorted.dropFirst()) {
                precondition(!earlier.versions.overlaps(later.versions), "\(key.name) is listed twice for one version")
            }
        }
    }

    /// Names with their supported versions, sorted, for documentation and `apus version`. TensorFlow's operators, which have no
    /// versions, are in the domain `tensorflow`.
    package var listing: [(domain: String, name: String, versions: [ClosedRange<Int>])] {
        spellings.map {
            (
                $0.key.dialect == .tensorFlow ? "tensorflow" : $0.key.domain, $0.key.name,
                $0.value.map(\.versions).sorted { $0.lowerBound < $1.lowerBound }
            )
        }
        .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    }

    /// The spelling that reads `node`; nil when no listed operator has this name, domain and version.
    package func spelling(for node: SourceNode, dialect: Dialect) -> OperatorSpelling? {
        spellings[Key(dialect: dialect, domain: node.domain, name: node.operatorName)]?
            .first { $0.versions.contains(node.version) }
    }

    /// What to do about operators of this domain, none of which is known; nil when there is nothing to say.
    package func advice(domain: String) -> String? { advice[domain] }

    /// The versions of `node`'s operator that are known: empty when the operator is not known at all.
    package func knownVersions(of node: SourceNode, dialect: Dialect) -> [ClosedRange<Int>] {
        spellings[Key(dialect: dialect, domain: node.domain, name: node.operatorName)]?.map(\.versions) ?? []
    }
}
