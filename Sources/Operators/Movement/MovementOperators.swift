package import GraphIR

/// Operators that move elements without computing: shapes, slices, borders, copies.
package enum MovementOperators {
    package static let spellings: [OperatorSpelling] = families.flatMap(\.self)

    private static let families: [[OperatorSpelling]] = [
        Reshape.spellings,
        RankChangeOperators.spellings,
        Transpose.spellings,
        Concat.spellings,
        PackingOperators.spellings,
        Split.spellings,
        SplitAlong.spellings,
        SliceOperator.spellings,
        BoxSlice.spellings,
        StridedSliceOperators.spellings,
        ReversalOperators.spellings,
        Pad.spellings,
        CenterCropPad.spellings,
        BroadcastMovementOperators.spellings,
        DepthSpace.spellings,
        ShapeQueryOperators.spellings,
        ShapeArithmeticOperators.spellings,
        BoundaryOperators.spellings,
        Resize.spellings,
        BatchSpace.spellings,
        DataFormat.spellings,
    ]
}
