import GraphIR
import Operators
import Tensors

extension RowCases {
    static let shapes = reshapes + rankChanges + stretches + queries

    private static let reshapes: [RowCase] = [
        RowCase("Reshape", [.rows([1, 6]), .fixed([-1, 2, 3])], rows: 0),
        RowCase("Reshape", [.rows([1, 2, 3]), .fixed([0, -1])], rows: 0),
        RowCase("Reshape", [.rows([1, 4, 6]), .counted { [Double($0), 4, 2, 3] }], rows: 0),
        RowCase("Reshape", [.rows([1, 4, 6]), .counted { [Double($0) * 4, 6] }], rows: 0),
        RowCase("Reshape", [.rows([4, 6]), .counted { [Double($0), 4, 6] }], rows: 0),
        RowCase("Reshape", [.rows([4, 6]), .fixed([-1, 12])], rows: 0),
        RowCase("Reshape", [.rows([1, 3], axis: 0), .fixed([1, -1, 3])], rows: 1),
        RowCase("Reshape", [.rows([2, 3, 2], axis: 1), .fixed([2, -1, 6])], rows: 1),
        RowCase("Reshape", [.rows([1, 3]), .fixed([-1])], rows: 0),
        RowCase("Reshape", [.rows([2, 3, 2], axis: 1), .fixed([-1, 2])], .mixed),
        RowCase("Reshape", [.rows([2, 30], axis: 1), .fixed([-1, 30])], .mixed),
        RowCase("Reshape", [.rows([30, 2]), .fixed([30, -1])], .mixed),
        RowCase("Reshape", [.rows([1, 3]), .fixed([3, -1])], .mixed),
        RowCase("Reshape", [.rows([1, 6])], rows: 0, version: 1, ["shape": .integers([-1, 3])]),
        RowCase("Flatten", [.rows([1, 2, 3])], rows: 0),
        RowCase("Flatten", [.rows([1, 2, 3])], rows: 0, ["axis": .integer(2)]),
        RowCase("Flatten", [.rows([1, 2, 3])], rows: 1, ["axis": .integer(0)]),
        RowCase("Flatten", [.rows([2, 1, 3], axis: 1)], .mixed, ["axis": .integer(2)]),
        RowCase("Flatten", [.rows([2, 1, 3], axis: 1)], rows: 1),
    ]

    private static let rankChanges: [RowCase] = [
        RowCase("Squeeze", [.rows([1, 1, 3]), .fixed([1])], rows: 0),
        RowCase("Squeeze", [.rows([1, 2, 1], axis: 1), .fixed([0, -1])], rows: 0),
        RowCase("Squeeze", [.rows([2, 1, 3])], rows: 0),
        // Of a single row this would drop the axis of the rows.
        RowCase("Squeeze", [.rows([1, 1, 3])], .mixed),
        RowCase("Squeeze", [.rows([1, 1, 3])], rows: 0, version: 11, ["axes": .integers([1])]),
        RowCase("Unsqueeze", [.rows([1, 3]), .fixed([0])], rows: 1), RowCase("Unsqueeze", [.rows([1, 3]), .fixed([-1, 1])], rows: 0),
        RowCase("Unsqueeze", [.rows([1, 3])], rows: 2, version: 11, ["axes": .integers([0, 1])]),
    ]

    private static let stretches: [RowCase] = [
        RowCase("Expand", [.rows([1, 4, 3]), .counted { [Double($0), 4, 3] }], rows: 0),
        RowCase("Expand", [.rows([1, 1, 3]), .counted { [Double($0), Double($0), 3] }], .mixed),
        RowCase("Expand", [.rows([1, 1]), .counted { [Double($0), 5] }], rows: 0),
        RowCase("Expand", [.rows([1, 1]), .counted { [2, Double($0), 5] }], rows: 1),
        RowCase("Expand", [.rows([1, 1]), .counted { [Double($0 + 1), Double($0), 5] }], .mixed),
        RowCase("Expand", [.rows([1, 3]), .fixed([1, 1])], rows: 0), RowCase("Expand", [.rows([1, 1]), .fixed([3])], rows: 0),
        RowCase("Expand", [.rows([1, 3]), .fixed([2, 1, 3])], rows: 1),
        // Fits where there are that many rows, and stretches a single one.
        RowCase("Expand", [.rows([1, 3]), .fixed([2, 3])], .mixed).of([2]),
        RowCase("Tile", [.rows([1, 3]), .fixed([1, 2])], rows: 0), RowCase("Tile", [.rows([2, 2], axis: 1), .fixed([3, 1])], rows: 1),
        RowCase("Tile", [.rows([1, 3]), .fixed([2, 1])], .mixed),
        RowCase("Tile", [.rows([1, 3]), .fixed([2], shape: []), .fixed([1], shape: [])], rows: 0, version: 1),
    ]

    private static let queries: [RowCase] = [
        RowCase("Shape", [.rows([1, 3])], .states([.counted])), RowCase("Shape", [.rows([1, 3])], .states([.counted]), version: 14),
        RowCase("Shape", [.rows([1, 3])], .states([.shared]), ["start": .integer(1)]),
        RowCase("Shape", [.rows([3, 2, 2], axis: 1)], .states([.shared]), ["end": .integer(1)]),
        RowCase("Size", [.rows([1, 3])], .states([.counted])),
        RowCase("EyeLike", [.rows([2, 3])], .states([.counted])),
        RowCase("ConstantOfShape", [.rows([1], .int64, in: 1...3)], .mixed),
    ]
}
