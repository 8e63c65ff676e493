package import GraphIR

/// Sparse tensors: places, the elements there and the shape of the whole, as three tensors.
package enum SparseOperators {
    package static let spellings: [OperatorSpelling] =
        SparseReduction.spellings + SetOperation.spellings + SparseCross.spellings + SparseSerialization.spellings + [
            .tensorFlow("SparseToDense") { reader throws(OperatorError) in
                SparseToDense(validates: try reader.flag("validate_indices", default: true))
            },
            .tensorFlow("SparseReorder") { _ throws(OperatorError) in SparseReorder() },
            .tensorFlow("SparseReshape") { _ throws(OperatorError) in SparseReshape() },
            .tensorFlow("SparseFillEmptyRows") { _ throws(OperatorError) in SparseFillEmptyRows() },
            .tensorFlow("SparseConcat") { reader throws(OperatorError) in
                SparseConcat(axis: try reader.integer("concat_dim", default: 0))
            },
            .tensorFlow("SparseSlice") { _ throws(OperatorError) in SparseSlice() },
            .tensorFlow("SparseSplit") { reader throws(OperatorError) in try SparseSplit(reader) },
            .tensorFlow("SparseTensorDenseMatMul") { reader throws(OperatorError) in
                SparseTensorDenseMatMul(
                    adjointLeft: try reader.flag("adjoint_a", default: false),
                    adjointRight: try reader.flag("adjoint_b", default: false))
            },
            .tensorFlow("SparseSoftmax") { _ throws(OperatorError) in SparseSoftmax() },
            .tensorFlow("SparseAdd") { _ throws(OperatorError) in SparsePair(name: "SparseAdd", rule: .add) },
            .tensorFlow("SparseSparseMaximum") { _ throws(OperatorError) in
                SparsePair(name: "SparseSparseMaximum", rule: .maximum)
            },
            .tensorFlow("SparseSparseMinimum") { _ throws(OperatorError) in
                SparsePair(name: "SparseSparseMinimum", rule: .minimum)
            },
            .tensorFlow("SparseTensorDenseAdd") { _ throws(OperatorError) in SparseTensorDenseAdd() },
            .tensorFlow("SparseDenseCwiseAdd") { _ throws(OperatorError) in
                SparseDenseCwise(name: "SparseDenseCwiseAdd", rule: .add)
            },
            .tensorFlow("SparseDenseCwiseMul") { _ throws(OperatorError) in
                SparseDenseCwise(name: "SparseDenseCwiseMul", rule: .multiply)
            },
            .tensorFlow("SparseDenseCwiseDiv") { _ throws(OperatorError) in
                SparseDenseCwise(name: "SparseDenseCwiseDiv", rule: .divide)
            },
            .tensorFlow("DenseCountSparseOutput") { reader throws(OperatorError) in try CountSparseOutput(.dense, reader) },
            .tensorFlow("SparseCountSparseOutput") { reader throws(OperatorError) in try CountSparseOutput(.sparse, reader) },
            .tensorFlow("RaggedCountSparseOutput") { reader throws(OperatorError) in try CountSparseOutput(.ragged, reader) },
            .tensorFlow("SparseBincount") { reader throws(OperatorError) in
                RowBincount(isRagged: false, isBinary: try reader.flag("binary_output", default: false))
            },
            .tensorFlow("RaggedBincount") { reader throws(OperatorError) in
                RowBincount(isRagged: true, isBinary: try reader.flag("binary_output", default: false))
            },
        ]
}
