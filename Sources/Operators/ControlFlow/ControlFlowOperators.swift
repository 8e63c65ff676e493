package import GraphIR

/// Operators that run graphs of their own.
package enum ControlFlowOperators {
    package static let spellings: [OperatorSpelling] =
        [
            .onnx("If") { _ throws(OperatorError) in If() },
            .tensorFlow("If") { _ throws(OperatorError) in If(condition: .anyType) },
            .tensorFlow("StatelessIf") { _ throws(OperatorError) in If(condition: .anyType) },
        ] + Assert.spellings + Case.spellings + CountedLoop.spellings + Loop.spellings + While.spellings + Scan.spellings
        + BatchedScan.spellings
}
