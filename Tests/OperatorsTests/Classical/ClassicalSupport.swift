import GraphIR
import Operators
import Tensors
import Testing

/// A classical operator of the newest version.
func classical(_ name: String, _ attributes: [String: Attribute], version: Int = 5) throws -> any Operator {
    let node = SourceNode(
        name: "node", domain: "ai.onnx.ml", operatorName: name, version: version, inputs: ["x"], outputs: ["y", "z"],
        attributes: attributes)
    let spelling = try #require(OperatorCatalog(ClassicalOperators.spellings).spelling(for: node, dialect: .onnx))
    return try spelling.make(AttributeReader(node))
}

/// The element types that classical operators take.
let classicalTypes: [ElementType] = [.float32, .float64, .int64, .int32]

func softmax(_ scores: [Double]) -> [Double] {
    let exponentials = scores.map { RealNumbers.exponential($0 - (scores.max() ?? 0)) }
    return exponentials.map { $0 / exponentials.reduce(0, +) }
}

func logistic(_ x: Double) -> Double { 1 / (1 + RealNumbers.exponential(-x)) }
