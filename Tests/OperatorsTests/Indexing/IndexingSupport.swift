import GraphIR
import Operators
import Tensors

/// An indexing operator of the newest opset.
func indexing(_ name: String, _ attributes: [String: Attribute] = [:]) throws -> any Operator {
    try makeOperator(name, in: IndexingOperators.spellings, attributes: attributes)
}

/// Reproducible indices in `-extent ..< extent`.
func sampleIndices(_ count: Int, extent: Int, seed: UInt64 = 1) -> [Int] {
    var numbers = TestNumbers(seed: seed)
    return (0..<count).map { _ in Int.random(in: -extent..<extent, using: &numbers) }
}

/// The index counted from 0.
func counted(_ index: Int, _ extent: Int) -> Int { index < 0 ? index + extent : index }
