package import GraphIR

/// Operators that move elements without computing: shapes, slices, borders, copies.
package enum MovementOperators {
    package static let spellings: [OperatorSpelling] =
        Reshape.spellings + RankChangeOperators.spellings + Transpose.spellings + Concat.spellings + Split.spellings
        + SliceOperator.spellings + Pad.spellings + BroadcastMovementOperators.spellings + DepthSpace.spellings
        + ShapeQueryOperators.spellings + Resize.spellings + BatchSpace.spellings + DataFormat.spellings
}
