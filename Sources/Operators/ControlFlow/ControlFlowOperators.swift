package import GraphIR

/// Operators that run graphs of their own.
package enum ControlFlowOperators {
    package static let spellings: [OperatorSpelling] =
        [.onnx("If") { _ throws(OperatorError) in If() }] + Loop.spellings + Scan.spellings
}
