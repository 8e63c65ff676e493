package import GraphIR
import Tensors

/// Operators of complex numbers that real numbers have no part in. The others choose by the type of their operands.
package enum ComplexOperators {
    package static let spellings: [OperatorSpelling] =
        PartOfComplex.Function.allCases.map { function in .tensorFlow(function.rawValue) { _ in PartOfComplex(function: function) } }
        + [
            .tensorFlow("Complex") { _ in ComplexFromParts() },
            .tensorFlow("Conj") { (node) throws(OperatorError) in
                guard try node.elementType("T")?.isComplex ?? true else { return TypedView() }
                return ComplexMap(function: .conjugate)
            },
        ]
}
