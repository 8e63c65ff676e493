package import GraphIR

/// Operators that choose or place elements by index.
package enum IndexingOperators {
    package static let spellings: [OperatorSpelling] =
        Gather.spellings + GatherElements.spellings + GatherND.spellings + ScatterElements.spellings
        + ScatterND.spellings + TopK.spellings + OneHot.spellings + DataDependentOperators.spellings
        + Unique.spellings + MatrixPartOperators.spellings + ReverseSequence.spellings
}
