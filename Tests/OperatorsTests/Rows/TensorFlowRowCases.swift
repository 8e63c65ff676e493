import GraphIR
import Operators
import Tensors

extension RowCases {
    static let tensorFlow: [RowCase] = (shaping + choosing + multiplying).map(\.inTensorFlow)

    private static let shaping: [RowCase] = [
        RowCase("Transpose", [.rows([1, 3, 4]), .fixed([2, 0, 1])], rows: 1),
        RowCase("ConcatV2", [.rows([1, 3]), .rows([1, 2]), .fixed([1], shape: [])], rows: 0),
        RowCase("ConcatV2", [.rows([1, 3]), .rows([1, 3]), .fixed([0], shape: [])], .mixed),
        RowCase("Pack", [.rows([1, 3]), .rows([1, 3])], rows: 1),
        RowCase("Pack", [.rows([1, 3]), .rows([1, 3])], rows: 0, ["axis": .integer(-1)]),
        RowCase("Unpack", [.rows([1, 2])], rows: 0, outputs: 2, ["num": .integer(2), "axis": .integer(1)]),
        RowCase("Split", [.fixed([1], shape: []), .rows([1, 4])], rows: 0, outputs: 2, ["num_split": .integer(2)]),
        RowCase("SplitV", [.rows([1, 5]), .fixed([2, -1]), .fixed([1], shape: [])], rows: 0, outputs: 2, ["num_split": .integer(2)]),
        RowCase("Slice", [.rows([1, 5]), .fixed([0, 1]), .fixed([-1, 3])], rows: 0),
        RowCase("Slice", [.rows([1, 5]), .fixed([0, 1]), .fixed([1, 3])], .mixed),
        RowCase(
            "StridedSlice", [.rows([1, 5]), .fixed([0, 1]), .fixed([0, 4]), .fixed([1, 2])], rows: 0,
            ["begin_mask": .integer(1), "end_mask": .integer(1)]),
        RowCase(
            "StridedSlice", [.rows([3, 1, 4], axis: 1), .fixed([1, 0, 1]), .fixed([2, 0, 3]), .fixed([1, 1, 1])], rows: 0,
            ["shrink_axis_mask": .integer(1), "begin_mask": .integer(2), "end_mask": .integer(2)]),
        RowCase(
            "StridedSlice", [.rows([1, 5]), .fixed([0, 1]), .fixed([1, 3]), .fixed([1, 1])], .mixed,
            ["shrink_axis_mask": .integer(1)]),
        RowCase("BroadcastTo", [.rows([1, 4, 3]), .counted { [Double($0), 4, 3] }], rows: 0),
        RowCase("BroadcastTo", [.rows([1, 1, 3]), .counted { [Double($0), Double($0), 3] }], .mixed),
    ]

    private static let choosing: [RowCase] = [
        RowCase("GatherV2", [.shared([7, 2]), .rows([1, 3], .int64, in: 0...6), .fixed([0], shape: [])], rows: 0),
        RowCase("GatherV2", [.rows([1, 4]), .shared([3], .int64, in: 0...3), .fixed([1], shape: [])], rows: 0),
        RowCase("GatherV2", [.rows([1, 4]), .shared([3], .int64, in: 0...0), .fixed([0], shape: [])], .mixed),
        RowCase(
            "GatherV2", [.rows([1, 4]), .rows([1, 3], .int64, in: 0...3), .fixed([1], shape: [])], rows: 0,
            ["batch_dims": .integer(1)]),
        RowCase("TopKV2", [.rows([1, 5]), .fixed([2], shape: [])], rows: 0, outputs: 2),
        RowCase("OneHot", [.rows([1, 2], .int64, in: -1...4), .fixed([3], shape: []), .shared([]), .shared([])], rows: 0),
        RowCase("MatrixBandPart", [.rows([1, 3, 4]), .fixed([1], shape: []), .fixed([0], shape: [])], rows: 0),
        RowCase("MatrixDiag", [.rows([1, 3])], rows: 0),
        RowCase("MatrixDiagPart", [.rows([1, 3, 4])], rows: 0),
    ]

    private static let multiplying: [RowCase] = [
        RowCase("BatchMatMulV2", [.rows([1, 2, 3]), .rows([1, 3, 4])], rows: 0),
        RowCase("BatchMatMulV2", [.rows([1, 3, 2]), .shared([3, 4])], rows: 0, ["adj_x": .integer(1)]),
        RowCase("BatchMatMulV2", [.rows([3, 1], axis: 1), .shared([3, 4])], rows: 0, ["adj_x": .integer(1)]),
        RowCase("BatchMatMulV2", [.rows([1, 2, 3]), .rows([3, 4], axis: 1)], .mixed),
        RowCase("Einsum", [.rows([1, 2, 3]), .shared([3, 2, 2])], rows: 0, ["equation": .string("abc,cde->abde")]),
        RowCase("Einsum", [.rows([1, 4, 2, 3]), .rows([1, 2, 2, 3])], rows: 0, ["equation": .string("aecd,abcd->acbe")]),
        RowCase("Einsum", [.rows([1, 2]), .shared([2, 3])], rows: 1, ["equation": .string("ab,bc->ca")]),
        RowCase("Einsum", [.rows([1, 2])], .mixed, ["equation": .string("ab->b")]),
        RowCase("Einsum", [.rows([1, 2]), .rows([1, 3])], .mixed, ["equation": .string("ab,cd->ac")]),
    ]
}
