import Foundation
import GraphIR
import Operators
import Testing

/// ONNX's own list of operators, by the operator sets in which they changed.
@Suite("Versions of ONNX's operators")
struct OperatorVersionTests {
    /// An operator as the standard lists it.
    struct Schema: Sendable {
        let domain: String
        let name: String
        /// The operator sets in which it became what it is from then on; at the last of them it may have ended.
        let versions: [Int]
        let end: Int?

        /// `ai.onnx Scatter 9 11x`
        init?(_ line: Substring) {
            let parts = line.split(separator: " ")
            let numbers = parts.dropFirst(2).compactMap { Int($0.filter(\.isNumber)) }
            guard parts.count > 2, numbers.count == parts.count - 2 else { return nil }
            domain = parts[0] == "ai.onnx" ? "" : String(parts[0])
            name = String(parts[1])
            versions = numbers
            end = parts[parts.count - 1].hasSuffix("x") ? numbers.last : nil
        }
    }

    private static func schemas() throws -> [Schema] {
        let file = Fixtures.root.appendingPathComponent("Operators/versions.txt")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        let schemas = lines.compactMap(Schema.init)
        #expect(schemas.count == lines.count)
        return schemas
    }

    @Test(
        "every operator of every operator set is read",
        arguments: (7...26).map { ("", $0) } + (1...5).map { ("ai.onnx.ml", $0) })
    func everyOperator(_ domain: String, _ operatorSet: Int) throws {
        var count = 0
        for schema in try Self.schemas() where schema.domain == domain {
            guard schema.versions[0] <= operatorSet, schema.end.map({ operatorSet < $0 }) ?? true else { continue }
            count += 1
            let node = Self.node(schema.name, domain, operatorSet)
            #expect(StandardOperators.catalog.spelling(for: node, dialect: .onnx) != nil, "\(schema.name)")
        }
        #expect(count >= (domain.isEmpty ? 100 : 16))
    }

    @Test("an operator is not read by an operator set from before it was")
    func notBefore() throws {
        for schema in try Self.schemas() where schema.versions[0] > 7 {
            let node = Self.node(schema.name, schema.domain, schema.versions[0] - 1)
            let isRead = StandardOperators.catalog.spelling(for: node, dialect: .onnx) != nil
            #expect(!isRead || Self.earlier.contains(schema.name), "\(schema.name) of operator set \(schema.versions[0] - 1)")
        }
    }

    /// Operators that are read in every operator set: exporters and onnxruntime wrote them before the standard had them.
    private static let earlier: Set<String> = ["LayerNormalization", "MeanVarianceNormalization", "ThresholdedRelu"]

    private static func node(_ name: String, _ domain: String, _ version: Int) -> SourceNode {
        SourceNode(name: "node", domain: domain, operatorName: name, version: version, inputs: [], outputs: ["y"])
    }
}
