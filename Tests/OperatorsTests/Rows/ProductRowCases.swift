import GraphIR
import Operators
import Tensors

extension RowCases {
    static let products = matMul + gemm + linear

    private static let matMul: [RowCase] = [
        RowCase("MatMul", [.rows([1, 3]), .shared([3, 4])], rows: 0),
        RowCase("MatMul", [.rows([1, 5, 3]), .shared([3, 4])], rows: 0),
        RowCase("MatMul", [.rows([5, 2, 3], axis: 1), .shared([3, 4])], rows: 1),
        RowCase("MatMul", [.rows([2, 3]), .shared([2, 3, 4])], rows: 1),
        RowCase("MatMul", [.rows([1, 3]), .shared([3])], rows: 0),
        RowCase("MatMul", [.shared([5, 3]), .rows([3, 2], axis: 1)], rows: 1),
        RowCase("MatMul", [.shared([3]), .rows([2, 3, 2], axis: 2)], rows: 1),
        RowCase("MatMul", [.rows([1, 2, 3]), .rows([1, 3, 4])], rows: 0),
        RowCase("MatMul", [.rows([1, 2, 5, 3]), .rows([1, 2, 3, 4])], rows: 0),
        RowCase("MatMul", [.rows([2, 5, 3]), .rows([4, 2, 3, 1], axis: 1)], rows: 1),
        RowCase("MatMul", [.shared([5, 3]), .rows([1, 3, 4])], rows: 0),
        RowCase("MatMul", [.rows([1, 2, 3]), .shared([1, 3, 4])], rows: 0),
        RowCase("MatMul", [.rows([1, 2, 3]), .shared([3])], rows: 0),
        RowCase("MatMul", [.rows([1, 3]), .rows([3, 1], axis: 1)], .mixed),
        RowCase("MatMul", [.rows([2, 2], axis: 1), .rows([2, 4])], .mixed),
        RowCase("MatMul", [.rows([2], axis: 0), .rows([2], axis: 0)], .mixed),
        RowCase("Einsum", [.rows([1, 3]), .shared([3, 4])], rows: 0, ["equation": .string("ij,jk->ik")]),
    ]

    private static let gemm: [RowCase] = [
        RowCase("Gemm", [.rows([1, 3]), .shared([3, 4]), .shared([4])], rows: 0),
        RowCase("Gemm", [.rows([2, 3]), .shared([4, 3]), .shared([1, 1])], rows: 0, ["transB": .integer(1), "alpha": .float(0.5)]),
        RowCase("Gemm", [.rows([3, 2], axis: 1), .shared([3, 4])], rows: 0, ["transA": .integer(1)]),
        RowCase("Gemm", [.shared([2, 3]), .rows([3, 1], axis: 1), .shared([2, 1])], rows: 1),
        RowCase("Gemm", [.shared([2, 3]), .rows([2, 3])], rows: 1, ["transB": .integer(1)]),
        RowCase("Gemm", [.rows([1, 3]), .shared([3, 4]), .rows([1, 4])], rows: 0),
        RowCase("Gemm", [.rows([1, 3]), .shared([3, 4]), .rows([1, 1])], rows: 0),
        RowCase("Gemm", [.rows([1, 3]), .rows([3, 1], axis: 1)], .mixed),
        RowCase("Gemm", [.rows([3, 2], axis: 1), .rows([2, 4])], .mixed),
        RowCase("Gemm", [.rows([1, 3]), .shared([3, 4]), .shared([4])], rows: 0, version: 6),
    ]

    private static let activated: @Sendable () -> any Operator = {
        var op = Linear()
        op.activation = .relu
        return op
    }

    private static let transposed: @Sendable () -> any Operator = {
        var op = Linear()
        op.transposesWeights = true
        return op
    }

    private static let linear: [RowCase] = [
        RowCase("Linear", [.rows([1, 3]), .shared([3, 4]), .shared([4])], rows: 0).making(activated),
        RowCase("Linear", [.rows([5, 2, 3], axis: 1), .shared([4, 3])], rows: 1).making(transposed),
        RowCase("Linear", [.rows([1, 3]), .shared([3, 4]), nil, .rows([1, 4])], rows: 0).making(activated),
        RowCase("Linear", [.rows([2, 3, 2], axis: 2), .rows([2, 4]), .shared([4])], .mixed).making(activated),
    ]
}
