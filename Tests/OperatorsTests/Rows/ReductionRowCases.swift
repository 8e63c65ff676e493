import GraphIR
import Operators
import Tensors

extension RowCases {
    static let reductions = sums + extrema + runs

    private static let functions = [
        "ReduceSum", "ReduceMean", "ReduceProd", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum",
        "ReduceLogSumExp",
    ]

    private static let sums = functions.flatMap { name in
        [
            RowCase(name, [.rows([1, 3, 4]), .fixed([-1])], rows: 0),
            RowCase(name, [.rows([3, 2, 4], axis: 1), .fixed([0])], rows: 0, ["keepdims": .integer(0)]),
            RowCase(name, [.rows([3, 2, 4], axis: 1), .fixed([0, 2])], rows: 1),
            RowCase(name, [.rows([2, 3]), .fixed([0])], .mixed), RowCase(name, [.rows([2, 3])], .mixed),
            RowCase(name, [.rows([2, 3])], rows: 0, ["noop_with_empty_axes": .integer(1)]),
            RowCase(name, [.rows([1, 3, 4])], rows: 0, version: 11, ["axes": .integers([1, 2]), "keepdims": .integer(0)]),
            RowCase(name, [.rows([2, 3])], .mixed, version: 11),
        ]
    }

    private static let extrema = ["ArgMax", "ArgMin"].flatMap { name in
        [
            RowCase(name, [.rows([1, 5])], rows: 0, ["axis": .integer(1)]),
            RowCase(name, [.rows([4, 2], axis: 1)], rows: 0, ["axis": .integer(0), "keepdims": .integer(0)]),
            RowCase(name, [.rows([1, 5])], .mixed),
        ]
    }

    private static let runs = ["CumSum", "CumProd"].flatMap { name in
        [
            RowCase(name, [.rows([1, 5]), .fixed([1], shape: [])], rows: 0),
            RowCase(name, [.rows([5, 2], axis: 1), .fixed([0], shape: [])], rows: 1, ["reverse": .integer(1)]),
            RowCase(name, [.rows([1, 5]), .fixed([0], .int32, shape: [])], .mixed),
            RowCase(name, [.rows([2, 5]), .fixed([-2], shape: [])], .mixed, ["exclusive": .integer(1)]),
        ]
    }
}
