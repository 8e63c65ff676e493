import GraphIR
import Testing

/// Makes an operator as lowering would: by its name, version and attributes from a family's spellings.
func makeOperator(
    _ name: String, in spellings: [OperatorSpelling], dialect: Dialect = .onnx, version: Int? = nil, inputs: Int = 1, outputs: Int = 1,
    attributes: [String: Attribute] = [:]
) throws -> any Operator {
    let version = version ?? (dialect == .onnx ? 20 : 0)
    let node = SourceNode(
        name: "node", operatorName: name, version: version, inputs: (0..<inputs).map { "in\($0)" },
        outputs: (0..<outputs).map { "out\($0)" }, attributes: attributes)
    let spelling = try #require(OperatorCatalog(spellings).spelling(for: node, dialect: dialect), "\(name) of opset \(version)")
    return try spelling.make(AttributeReader(node))
}
