package import GraphIR

/// Special functions of mathematical physics and statistics.
package enum SpecialOperators {
    package static let spellings: [OperatorSpelling] =
        SpecialFunction.Function.allCases.map { function in .tensorFlow(function.rawValue) { _ in SpecialFunction(function: function) } }
        + SpecialCombination.Function.allCases.map { function in
            .tensorFlow(function.rawValue) { _ in SpecialCombination(function: function) }
        }
}
