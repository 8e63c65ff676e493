import GraphIR
import Operators
import Tensors

extension RowCases {
    static let attention = attentions + positions + classLosses

    private static let attentions: [RowCase] = [
        RowCase("Attention", [.rows([1, 2, 3, 2]), .rows([1, 1, 4, 2]), .rows([1, 1, 4, 3])], rows: 0),
        RowCase(
            "Attention", [.rows([2, 3, 4]), .rows([2, 2, 4]), .rows([2, 2, 6]), .shared([3, 2])], rows: 0,
            ["q_num_heads": .integer(2), "kv_num_heads": .integer(2)]),
        RowCase(
            "Attention",
            [
                .rows([1, 2, 3, 2]), .rows([1, 2, 4, 2]), .rows([1, 2, 4, 2]), .rows([1, 2, 3, 5]), .rows([1, 2, 1, 2]),
                .rows([1, 2, 1, 2]),
            ], rows: 0, outputs: 4, ["is_causal": .integer(1)]),
        RowCase(
            "Attention",
            [
                .rows([1, 2, 3, 2]), .rows([1, 2, 4, 2]), .rows([1, 2, 4, 2]), .shared([1, 1, 3, 4]), nil, nil,
                .rows([1], .int64, in: 1...4),
            ], rows: 0),
        RowCase("Attention", [.shared([1, 2, 3, 2]), .rows([1, 2, 1, 2], axis: 2), .rows([1, 2, 1, 2], axis: 2)], .mixed),
    ]

    private static let positions: [RowCase] = [
        RowCase("RotaryEmbedding", [.rows([1, 2, 3, 4]), .rows([1, 3, 2]), .rows([1, 3, 2])], rows: 0),
        RowCase(
            "RotaryEmbedding", [.rows([1, 3, 8]), .shared([5, 1]), .shared([5, 1]), .rows([1, 3], .int64, in: 0...4)], rows: 0,
            ["num_heads": .integer(2), "rotary_embedding_dim": .integer(2), "interleaved": .integer(1)]),
        RowCase("TensorScatter", [.rows([1, 4, 3]), .rows([1, 2, 3]), .rows([1], .int64, in: 0...2)], rows: 0),
        RowCase("TensorScatter", [.rows([1, 4, 3]), .rows([1, 2, 3])], rows: 0, ["mode": .string("circular")]),
    ]

    private static let classLosses: [RowCase] = ["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"].flatMap { name in
        [
            RowCase(
                name, [.rows([1, 3, 2]), .rows([1, 2], .int64, in: 0...2), .shared([3])], rows: 0, ["reduction": .string("none")]),
            RowCase(name, [.rows([1, 3]), .rows([1], .int64, in: 0...2)], .mixed),
        ]
    }
}
