package import GraphIR

/// Operators that choose or place elements by index.
package enum IndexingOperators {
    package static let spellings: [OperatorSpelling] = families.flatMap(\.self)

    private static let families: [[OperatorSpelling]] = [
        Gather.spellings,
        GatherAlong.spellings,
        GatherElements.spellings,
        GatherND.spellings,
        ScatterElements.spellings,
        ScatterND.spellings,
        ScatterTensorOperators.spellings,
        RowUpdate.spellings,
        TopK.spellings,
        RankingOperators.spellings,
        OneHot.spellings,
        OneHotValues.spellings,
        DataDependentOperators.spellings,
        Places.spellings,
        PartitionOperators.spellings,
        Unique.spellings,
        DistinctOperators.spellings,
        IndexArithmeticOperators.spellings,
        MatrixPartOperators.spellings,
        ReverseSequence.spellings,
    ]
}
