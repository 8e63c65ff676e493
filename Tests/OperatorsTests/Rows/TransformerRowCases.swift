import GraphIR
import Operators
import Tensors

extension RowCases {
    /// Operators of com.microsoft whose batch entries are computed one by one.
    static let contributed = projected + multiHead + grouped + embeddings + linear8

    private static func microsoft(
        _ name: String, _ inputs: [CaseInput?], _ expected: RowCase.Expectation, outputs: Int = 1, _ attributes: [String: Attribute] = [:]
    ) -> RowCase {
        RowCase(name, inputs, expected, outputs: outputs, version: 1, domain: "com.microsoft", attributes)
    }

    private static let batch = RowCase.Expectation.states([.rows(axis: 0)])
    private static let twoHeads: [String: Attribute] = ["num_heads": .integer(2)]

    private static let projected: [RowCase] = [
        microsoft("Attention", [.rows([1, 3, 4]), .shared([4, 12]), .shared([12])], batch, twoHeads),
        microsoft("Attention", [.rows([1, 3, 4]), .shared([4, 12]), .shared([12]), .rows([1, 3], .int32, in: 0...1)], batch, twoHeads),
        microsoft("Attention", [.rows([1, 3, 4]), .shared([4, 12]), nil, .rows([1], .int32, in: 1...3)], batch, twoHeads),
        microsoft("Attention", [.rows([1, 3, 4]), .shared([4, 12]), nil, .rows([1, 3, 3], .int32, in: 0...1)], batch, twoHeads),
        // All ends, then all starts.
        microsoft("Attention", [.rows([1, 3, 4]), .shared([4, 12]), nil, .rows([2], .int32, in: 0...3)], .mixed, twoHeads),
        microsoft(
            "Attention", [.rows([1, 3, 4]), .shared([4, 12]), .shared([12]), nil, nil, .shared([1, 2, 3, 3])], batch, twoHeads),
        microsoft(
            "Attention", [.rows([1, 3, 4]), .shared([4, 12]), .shared([12]), nil, nil, .rows([1, 1, 3, 3])], batch, twoHeads),
        microsoft(
            "Attention", [.rows([1, 2, 4]), .shared([4, 12]), .shared([12]), nil, .rows([2, 1, 2, 3, 2], axis: 1)],
            .states([.rows(axis: 0), .rows(axis: 1)]), outputs: 2, twoHeads),
        microsoft(
            "QAttention",
            [
                .rows([1, 3, 4], .uint8, in: 0...9), .shared([4, 12], .int8, in: -9...9), .shared([12]), .shared([], in: 0.5...1),
                .shared([], in: 0.1...0.2), .rows([1, 3], .int32, in: 0...1), .shared([], .uint8, in: 0...9),
            ], batch, twoHeads),
    ]

    private static let multiHead: [RowCase] = [
        microsoft("MultiHeadAttention", [.rows([1, 3, 4]), .rows([1, 2, 4]), .rows([1, 2, 6])], batch, twoHeads),
        microsoft(
            "MultiHeadAttention",
            [.rows([1, 3, 4]), .rows([1, 2, 4]), .rows([1, 2, 4]), .shared([12]), .rows([1, 2], .int32, in: 0...1)], batch, twoHeads),
        microsoft(
            "MultiHeadAttention",
            [.rows([1, 1, 4]), .rows([1, 1, 4]), .rows([1, 1, 4]), nil, nil, nil, .rows([1, 2, 3, 2]), .rows([1, 2, 3, 2])],
            .states([.rows(axis: 0), .rows(axis: 0), .rows(axis: 0)]), outputs: 3, twoHeads),
        microsoft(
            "RotaryEmbedding", [.rows([1, 3, 4]), .rows([1, 3], .int64, in: 0...4), .shared([5, 2]), .shared([5, 2])], batch),
        microsoft("RotaryEmbedding", [.rows([1, 2, 3, 4]), .shared([1], .int64, in: 0...2), .shared([5, 2]), .shared([5, 2])], batch),
    ]

    private static let grouped: [RowCase] = {
        let attributes: [String: Attribute] = ["num_heads": .integer(2), "kv_num_heads": .integer(1)]
        let three = RowCase.Expectation.states([.rows(axis: 0), .rows(axis: 0), .rows(axis: 0)])
        let step: [CaseInput?] = [
            .rows([1, 1, 4]), .rows([1, 1, 2]), .rows([1, 1, 2]), .rows([1, 1, 4, 2]), .rows([1, 1, 4, 2]),
            .rows([1], .int32, in: 1...3), .fixed([4], .int32, shape: []),
        ]
        return [
            microsoft("GroupQueryAttention", step, three, outputs: 3, attributes),
            microsoft(
                "GroupQueryAttention",
                [
                    .rows([1, 3, 4]), .rows([1, 3, 2]), .rows([1, 3, 2]), nil, nil, .rows([1], .int32, in: 1...2),
                    .fixed([3], .int32, shape: []),
                ], three, outputs: 3, attributes),
            microsoft(
                "GroupQueryAttention", step + [.shared([8, 1]), .shared([8, 1]), .rows([1, 1], .int64, in: 0...7)], three, outputs: 3,
                attributes.merging(["do_rotary": .integer(1)]) { $1 }),
        ]
    }()

    private static let embeddings: [RowCase] = [
        microsoft(
            "EmbedLayerNormalization",
            [
                .rows([1, 3], .int32, in: 0...4), .rows([1, 3], .int32, in: 0...1), .shared([5, 4]), .shared([6, 4]), .shared([2, 4]),
                .shared([4]), .shared([4]), .rows([1, 3], .int32, in: 0...1),
            ], .states([.rows(axis: 0), .rows(axis: 0)]), outputs: 2),
        microsoft(
            "EmbedLayerNormalization",
            [
                .rows([1, 3], .int32, in: 0...4), nil, .shared([5, 4]), .shared([6, 4]), nil, .shared([4]), .shared([4]), nil,
                .shared([1, 3], .int32, in: 0...5),
            ], batch),
        microsoft(
            "QEmbedLayerNormalization",
            [
                .rows([1, 3], .int32, in: 0...4), nil, .shared([5, 4], .uint8, in: 0...255), .shared([6, 4], .uint8, in: 0...255), nil,
                .shared([4], .uint8, in: 0...255), .shared([4], .uint8, in: 0...255), nil,
                .shared([], in: 0.1...0.2), .shared([], in: 0.1...0.2), nil, .shared([], in: 0.1...0.2), .shared([], in: 0.1...0.2),
                .shared([], .uint8, in: 0...9), .shared([], .uint8, in: 0...9), nil, .shared([], .uint8, in: 0...9),
                .shared([], .uint8, in: 0...9),
            ], batch),
        microsoft("BiasSplitGelu", [.rows([1, 2, 4]), .shared([4])], batch),
        microsoft("GroupNorm", [.rows([1, 2, 2, 4]), .shared([4]), .shared([4])], batch, ["groups": .integer(2)]),
        microsoft(
            "MatMulNBits", [.rows([1, 16]), .shared([3, 1, 8], .uint8, in: 0...255), .shared([3, 1], in: 0.1...0.2)], batch,
            ["K": .integer(16), "N": .integer(3), "bits": .integer(4), "block_size": .integer(16)]),
        microsoft(
            "NGramRepeatBlock", [.rows([1, 5], .int64, in: 0...2), .rows([1, 3])], batch, ["ngram_size": .integer(2)]),
    ]

    /// A scale and a zero point.
    private static let pair: [CaseInput?] = [.shared([], in: 0.1...0.2), .shared([], .uint8, in: 100...140)]

    private static let linear8: [RowCase] = {
        let data = CaseInput.rows([1, 4], .uint8, in: 0...255), images = CaseInput.rows([1, 2, 4, 4], .uint8, in: 0...255)
        let vector = CaseInput.shared([4], .uint8, in: 0...255)
        let weights: [CaseInput?] = [.shared([3, 2, 3, 3], .uint8, in: 0...9), .shared([], in: 0.1...0.2), .shared([], .uint8, in: 0...9)]
        let pool: [String: Attribute] = ["kernel_shape": .integers([2, 2])]
        let functions = [
            microsoft("QLinearAdd", [data] + pair + [data] + pair + pair, batch),
            microsoft("QLinearMul", [data] + pair + [vector] + pair + pair, batch),
            microsoft("QLinearSigmoid", [data] + pair + pair, batch), microsoft("QLinearLeakyRelu", [data] + pair + pair, batch),
            microsoft("QLinearConcat", pair + [data] + pair + [data] + pair, batch, ["axis": .integer(1)]),
            microsoft("QLinearConcat", pair + [data] + pair + [data] + pair, .mixed, ["axis": .integer(0)]),
            microsoft("QLinearSoftmax", [data] + pair + pair, batch, ["opset": .integer(13)]),
            microsoft("QLinearWhere", [.rows([1, 4], .bool, in: 0...1), data] + pair + [vector] + pair + pair, batch),
        ]
        return functions + [
            microsoft("QLinearAveragePool", [images] + pair + pair, batch, pool),
            microsoft("QLinearGlobalAveragePool", [images] + pair + pair, batch),
            microsoft("QLinearConv", [images] + pair + weights + pair, batch),
            microsoft(
                "QLinearConv", [.rows([1, 4, 4, 2], .uint8, in: 0...255)] + pair + weights + pair, batch, ["channels_last": .integer(1)]),
            microsoft(
                "QGemm",
                [data] + pair + [
                    .shared([4, 3], .int8, in: -9...9), .shared([], in: 0.1...0.2), .shared([], .int8, in: 0...3),
                    .shared([3], .int32, in: -9...9),
                ] + pair, batch),
            microsoft(
                "QGemm",
                [.rows([4, 1], axis: 1, .uint8, in: 0...255)] + pair + [
                    .shared([4, 3], .int8, in: -9...9), .shared([], in: 0.1...0.2), .shared([], .int8, in: 0...3),
                ], batch, ["transA": .integer(1)]),
        ]
    }()
}
