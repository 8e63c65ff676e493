import GraphIR
import Operators
import Tensors

extension RowCases {
    static let indexing = gathers + elementGathers + tupleGathers + choices + sequences

    private static func indices(_ shape: [Int], axis: Int = 0, below extent: Double) -> CaseInput {
        .rows(shape, axis: axis, .int64, in: -extent...extent - 1)
    }

    private static func sharedIndices(_ shape: [Int], below extent: Double) -> CaseInput {
        .shared(shape, .int64, in: -extent...extent - 1)
    }

    private static let gathers: [RowCase] = [
        RowCase("Gather", [.shared([6, 3]), indices([1, 4], below: 6)], rows: 0),
        RowCase("Gather", [.shared([2, 6]), indices([3, 1], axis: 1, below: 6)], rows: 2, ["axis": .integer(1)]),
        RowCase("Gather", [.rows([1, 6, 3]), sharedIndices([4], below: 6)], rows: 0, ["axis": .integer(1)]),
        RowCase("Gather", [.rows([1, 6, 3]), .fixed([-1], shape: [])], rows: 0, ["axis": .integer(1)]),
        RowCase("Gather", [.rows([6, 1, 3], axis: 1), .fixed([2], shape: [])], rows: 0),
        RowCase("Gather", [.rows([6, 2], axis: 1), sharedIndices([2, 2], below: 6)], rows: 2),
        RowCase("Gather", [.rows([1, 6]), .fixed([0])], .mixed),
        RowCase("Gather", [.rows([1, 6]), indices([1], below: 1)], .mixed),
    ]

    private static let elementGathers: [RowCase] = [
        RowCase("GatherElements", [.rows([1, 6]), indices([1, 4], below: 6)], rows: 0, ["axis": .integer(1)]),
        RowCase("GatherElements", [.rows([6, 2], axis: 1), indices([3, 2], axis: 1, below: 6)], rows: 1),
        RowCase("GatherElements", [.shared([6, 2]), indices([3, 2], below: 6)], rows: 0),
        RowCase("GatherElements", [.shared([5, 6]), indices([1, 4], below: 6)], .mixed, ["axis": .integer(1)]),
        RowCase("GatherElements", [.rows([1, 6]), sharedIndices([1, 4], below: 6)], .mixed, ["axis": .integer(1)]),
        RowCase("GatherElements", [.rows([2, 6]), indices([1, 4], below: 6)], .mixed, ["axis": .integer(1)]),
        RowCase("GatherElements", [.rows([2, 3]), indices([2, 3], below: 2)], .mixed),
    ]

    private static let tupleGathers: [RowCase] = [
        RowCase("GatherND", [.shared([4, 4, 2]), indices([1, 3, 2], below: 4)], rows: 0),
        RowCase("GatherND", [.rows([4, 4, 1], axis: 2), sharedIndices([3, 2], below: 4)], rows: 1),
        RowCase("GatherND", [.rows([1, 4, 2]), indices([1, 3, 1], below: 4)], rows: 0, ["batch_dims": .integer(1)]),
        RowCase("GatherND", [.shared([2, 4, 3]), indices([2, 1, 1], axis: 1, below: 4)], rows: 1, ["batch_dims": .integer(1)]),
        RowCase("GatherND", [.rows([2, 4, 1], axis: 2), sharedIndices([2, 3, 1], below: 4)], rows: 2, ["batch_dims": .integer(1)]),
        RowCase("GatherND", [.rows([1, 4]), sharedIndices([3, 1], below: 1)], .mixed),
        RowCase("GatherND", [.rows([1, 4]), indices([1, 2], below: 1)], .mixed),
    ]

    private static let choices: [RowCase] = [
        RowCase("TopK", [.rows([1, 6]), .fixed([3])], rows: 0, outputs: 2),
        RowCase("TopK", [.rows([6, 2], axis: 1), .fixed([2])], rows: 1, outputs: 2, ["axis": .integer(0), "largest": .integer(0)]),
        RowCase("TopK", [.rows([1, 6]), .fixed([1])], .mixed, outputs: 2, ["axis": .integer(0)]),
        RowCase("TopK", [.rows([1, 6])], rows: 0, outputs: 2, version: 9, ["k": .integer(2)]),
        RowCase("OneHot", [indices([1, 3], below: 5), .fixed([5]), .fixed([0, 1], .float32)], rows: 0),
        RowCase("OneHot", [indices([2], below: 5), .fixed([5]), .shared([2])], rows: 1, ["axis": .integer(0)]),
        RowCase("OneHot", [indices([2, 1], axis: 1, below: 5), .fixed([5]), .shared([2])], rows: 1, ["axis": .integer(2)]),
        RowCase("NonZero", [.rows([1, 3], .int32, in: 0...1)], .mixed),
        RowCase("Compress", [.rows([1, 4]), .fixed([1, 0, 1], .bool)], rows: 0, ["axis": .integer(1)]),
        RowCase("Compress", [.rows([1, 4]), .fixed([1], .bool)], .mixed, ["axis": .integer(0)]),
        RowCase("Compress", [.rows([1, 4]), .fixed([1, 0, 1], .bool)], .mixed),
        RowCase("Compress", [.rows([1, 4], axis: 1), .rows([1], .bool, in: 0...1)], .mixed, ["axis": .integer(1)]),
        RowCase("Unique", [.rows([4], .int32, in: 0...3)], .mixed, outputs: 4),
        RowCase("Unique", [.rows([1, 4], .int32, in: 0...1)], .mixed, ["axis": .integer(1)]),
    ]

    private static let sequences: [RowCase] = [
        RowCase("ReverseSequence", [.rows([4, 1, 3], axis: 1), .rows([1], .int64, in: 0...4)], rows: 1),
        RowCase(
            "ReverseSequence", [.rows([2, 4], axis: 0), .rows([2], .int64, in: 0...4)], rows: 0,
            [
                "batch_axis": .integer(0), "time_axis": .integer(1),
            ]),
        RowCase("ReverseSequence", [.rows([4, 2, 1], axis: 2), .shared([2], .int64, in: 0...4)], rows: 2),
        RowCase("ReverseSequence", [.rows([2, 2], axis: 0), .fixed([2, 1])], .mixed),
        RowCase("Trilu", [.rows([1, 3, 3])], rows: 0), RowCase("Trilu", [.rows([1, 3, 3]), .fixed([1], shape: [])], rows: 0),
        RowCase("Trilu", [.rows([2, 3, 1, 2], axis: 1)], rows: 1, ["upper": .integer(0)]),
        RowCase("Trilu", [.rows([2, 3])], .mixed), RowCase("Trilu", [.rows([3, 2], axis: 1)], .mixed, ["upper": .integer(0)]),
    ]
}
