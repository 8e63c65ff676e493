import GraphIR
import Operators
import Tensors
import Testing

/// An operator with inputs of which some carry rows, and what its rule must say.
struct RowCase: Sendable, CustomTestStringConvertible {
    enum Expectation: Sendable {
        case states([RowState])
        /// Rows of the outputs depend on other rows, or on how many there are.
        case mixed
        /// Rows stay apart in fact, but the rule does not claim it.
        case declined
    }

    /// The graphs of a control-flow operator, as rules see them and as code.
    struct Bodies: Sendable {
        let states: @Sendable (Int, [RowState]) -> [RowState]?
        let code: [CodeSubgraph]
    }

    let name: String
    var inputs: [CaseInput?]
    let expected: Expectation
    var domain = ""
    var version = 26
    var dialect = Dialect.onnx
    var outputCount = 1
    var attributes: [String: Attribute] = [:]
    /// Numbers of rows that the operator takes.
    var rowCounts = [2, 3, 5]
    var bodies: Bodies?
    /// Makes the operator of a pass, which no model names.
    var fused: (@Sendable () -> any Operator)?

    /// With the rows along `axis` of every output.
    init(
        _ name: String, _ inputs: [CaseInput?], rows axis: Int, outputs: Int = 1, version: Int = 26, domain: String = "",
        _ attributes: [String: Attribute] = [:]
    ) {
        self.init(
            name, inputs, .states(Array(repeating: .rows(axis: axis), count: outputs)), outputs: outputs, version: version,
            domain: domain, attributes)
    }

    init(
        _ name: String, _ inputs: [CaseInput?], _ expected: Expectation, outputs: Int = 1, version: Int = 26, domain: String = "",
        _ attributes: [String: Attribute] = [:]
    ) {
        self.name = name
        self.inputs = inputs
        self.expected = expected
        self.version = version
        self.domain = domain
        self.attributes = attributes
        outputCount = outputs
    }

    /// The same case with another operator in place of a named one.
    func making(_ op: @escaping @Sendable () -> any Operator) -> RowCase {
        var result = self
        result.fused = op
        return result
    }

    /// The same case with TensorFlow's operator of that name.
    var inTensorFlow: RowCase {
        var result = self
        result.dialect = .tensorFlow
        result.version = 0
        return result
    }

    /// The same case for other numbers of rows.
    func of(_ rowCounts: [Int]) -> RowCase {
        var result = self
        result.rowCounts = rowCounts
        return result
    }

    func with(_ bodies: Bodies) -> RowCase {
        var result = self
        result.bodies = bodies
        return result
    }

    /// The same case with the rows elsewhere.
    func carrying(_ axes: [Int?]) -> RowCase {
        var result = self
        for (index, axis) in axes.enumerated() { result.inputs[index]?.axis = axis }
        return result
    }

    func makeOperator() throws -> any Operator {
        if let fused { return fused() }
        let node = SourceNode(
            name: "node", domain: domain, operatorName: name, version: version,
            inputs: inputs.enumerated().map { $1 == nil ? "" : "in\($0)" }, outputs: (0..<outputCount).map { "out\($0)" },
            attributes: attributes)
        let spelling = try #require(StandardOperators.catalog.spelling(for: node, dialect: dialect), "\(name) of opset \(version)")
        return try spelling.make(AttributeReader(node))
    }

    var testDescription: String {
        let operands = inputs.map { $0?.description ?? "-" }.joined(separator: ", ")
        let details = attributes.keys.sorted().joined(separator: ", ")
        return "\(name) \(version): \(operands)" + (details.isEmpty ? "" : " (\(details))")
    }
}
