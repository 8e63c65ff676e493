import GraphIR
import Operators
import Tensors

extension RowCases {
    static let quantization = linear + integerProducts
    static let signals = sampling + transformer

    private static let linear: [RowCase] =
        [10, 13, 19, 21, 23].flatMap { version in
            [
                RowCase(
                    "QuantizeLinear", [.rows([1, 4]), .shared([], in: 0.5...2), .shared([], .uint8, in: 0...9)], rows: 0, version: version),
                RowCase("DequantizeLinear", [.rows([1, 4], .int8, in: -9...9), .shared([], in: 0.5...2)], rows: 0, version: version),
            ]
        }
        + [13, 23].flatMap { version in
            [
                RowCase(
                    "QuantizeLinear", [.rows([1, 4]), .shared([4], in: 0.5...2), .shared([4], .uint8, in: 0...9)], rows: 0,
                    version: version, ["axis": .integer(1)]),
                RowCase(
                    "DequantizeLinear", [.rows([1, 4], .uint8, in: 0...9), .shared([4], in: 0.5...2)], rows: 0, version: version,
                    ["axis": .integer(1)]),
            ]
        }
        + ["QuantizeLinear", "DequantizeLinear"].map { name in
            RowCase(
                name,
                [
                    name.hasPrefix("Q") ? .rows([1, 4]) : .rows([1, 4], .uint8, in: 0...9), .shared([], in: 0.5...2),
                    .shared([], .uint8, in: 0...9),
                ],
                rows: 0, version: 1, domain: "com.microsoft")
        }

    private static let integerProducts: [RowCase] =
        [
            RowCase("DynamicQuantizeLinear", [.rows([1, 4])], .mixed, outputs: 3),
            RowCase(
                "MatMulInteger",
                [.rows([1, 3], .uint8, in: 0...9), .shared([3, 2], .int8, in: -9...9), .shared([], .uint8, in: 0...9)], rows: 0),
            RowCase(
                "MatMulInteger", [.rows([1, 2, 3], .uint8, in: 0...9), .shared([3, 2], .int8, in: -9...9)], rows: 0),
            RowCase(
                "MatMulIntegerToFloat",
                [
                    .rows([1, 3], .uint8, in: 0...9), .shared([3, 2], .int8, in: -9...9), .shared([], in: 0.5...2),
                    .shared([], in: 0.5...2),
                ], rows: 0, version: 1, domain: "com.microsoft"),
            RowCase(
                "DynamicQuantizeMatMul",
                [
                    .rows([1, 3]), .shared([3, 2], .int8, in: -9...9), .shared([], in: 0.5...2),
                ], .mixed, version: 1, domain: "com.microsoft"),
            RowCase(
                "ConvInteger", [.rows([1, 2, 4, 4], .uint8, in: 0...9), .shared([3, 2, 3, 3], .uint8, in: 0...9)], rows: 0),
            RowCase(
                "QLinearConv",
                [
                    .rows([1, 2, 4, 4], .uint8, in: 0...9), .shared([], in: 0.5...2), .shared([], .uint8, in: 0...9),
                    .shared([3, 2, 3, 3], .uint8, in: 0...9), .shared([], in: 0.5...2), .shared([], .uint8, in: 0...9),
                    .shared([], in: 0.5...2), .shared([], .uint8, in: 0...9),
                ], rows: 0),
        ]
        + [10, 21].map { version in
            RowCase(
                "QLinearMatMul",
                [
                    .rows([1, 3], .uint8, in: 0...9), .shared([], in: 0.5...2), .shared([], .uint8, in: 0...9),
                    .shared([3, 2], .uint8, in: 0...9), .shared([], in: 0.5...2), .shared([], .uint8, in: 0...9),
                    .shared([], in: 0.5...2), .shared([], .uint8, in: 0...9),
                ], rows: 0, version: version)
        }

    private static let sampling: [RowCase] =
        [16, 20, 22].map { version in
            RowCase("GridSample", [.rows([1, 2, 3, 3]), .rows([1, 2, 2, 2])], rows: 0, version: version)
        }
        + [19, 22].map { version in
            RowCase(
                "DeformConv",
                [.rows([1, 2, 4, 4]), .shared([3, 2, 2, 2]), .rows([1, 8, 3, 3]), .shared([3]), .rows([1, 4, 3, 3])], rows: 0,
                version: version)
        }
        + [
            RowCase("CenterCropPad", [.rows([1, 4, 3]), .fixed([2, 5])], rows: 0, version: 18, ["axes": .integers([1, 2])]),
            RowCase("STFT", [.rows([1, 8, 1]), .fixed([2], shape: []), .shared([4])], rows: 0, version: 17),
            RowCase(
                "STFT", [.rows([1, 8, 2]), .fixed([3], shape: []), nil, .fixed([4], shape: [])], rows: 0, version: 17,
                ["onesided": .integer(0)]),
            RowCase("Col2Im", [.rows([1, 8, 4]), .fixed([3, 3]), .fixed([2, 2])], rows: 0, version: 18),
            RowCase("DFT", [.rows([1, 5, 1])], rows: 0, version: 17, ["axis": .integer(1)]),
            RowCase("DFT", [.rows([1, 5, 2]), nil, .fixed([1], shape: [])], rows: 0, version: 20),
            RowCase("Mod", [.rows([1, 3], in: 1...2), .shared([3], in: 1...2)], rows: 0, version: 28),
            RowCase("SpaceToDepth", [.rows([1, 2, 4, 4])], rows: 0, version: 28, ["blocksize": .integer(2)]),
        ]

    private static func microsoft(_ name: String, _ inputs: [CaseInput?], _ attributes: [String: Attribute] = [:]) -> RowCase {
        RowCase(name, inputs, rows: 0, version: 1, domain: "com.microsoft", attributes)
    }

    private static let transformer: [RowCase] = [
        microsoft("Gelu", [.rows([1, 4])]), microsoft("FastGelu", [.rows([1, 4])]),
        microsoft("BiasGelu", [.rows([1, 4]), .shared([4])]), microsoft("FastGelu", [.rows([1, 4]), .shared([4])]),
        microsoft("QuickGelu", [.rows([1, 4])]),
        microsoft("FusedMatMul", [.rows([1, 3]), .shared([3, 2])], ["alpha": .float(0.5)]),
        microsoft("FusedMatMul", [.rows([1, 2, 3]), .rows([1, 2, 3])], ["transB": .integer(1)]),
        microsoft("TransposeMatMul", [.rows([1, 3]), .shared([3, 2])]),
        microsoft("FusedConv", [.rows([1, 2, 4, 4]), .shared([3, 2, 3, 3])], ["activation": .string("Relu")]),
        microsoft("LayerNormalization", [.rows([1, 4]), .shared([4]), .shared([4])]),
        microsoft("SimplifiedLayerNormalization", [.rows([1, 4]), .shared([4])]),
        RowCase("SimplifiedLayerNormalization", [.rows([1, 4]), .shared([4])], rows: 0, version: 1),
        RowCase("LayerNormalization", [.rows([1, 4]), .shared([4]), .shared([4])], rows: 0, version: 1),
        microsoft("SkipLayerNormalization", [.rows([1, 2, 4]), .rows([1, 2, 4]), .shared([4]), .shared([4])]),
        microsoft("SkipSimplifiedLayerNormalization", [.rows([1, 2, 4]), .rows([1, 2, 4]), .shared([4])]),
        microsoft("Trilu", [.rows([1, 3, 3])]),
        microsoft("GemmFastGelu", [.rows([1, 4]), .shared([4, 3]), .shared([3])]),
        microsoft("NhwcMaxPool", [.rows([1, 4, 4, 2], .uint8, in: 0...9)], ["kernel_shape": .integers([2, 2])]),
        microsoft("FusedGemm", [.rows([1, 4]), .shared([4, 3]), .shared([3])], ["activation": .string("Relu")]),
        microsoft("FusedMatMulActivation", [.rows([1, 2, 4]), .shared([4, 3])], ["activation": .string("Relu")]),
        microsoft("CDist", [.rows([1, 3]), .shared([2, 3])]), microsoft("Pad", [.rows([1, 3]), .fixed([0, 1, 0, 2])]),
        RowCase("CDist", [.shared([2, 3]), .rows([1, 3])], rows: 1, version: 1, domain: "com.microsoft"),
        microsoft("GatherND", [.shared([4, 3]), .rows([1, 1], .int64, in: 0...3)]),
        RowCase("Unique", [.rows([1], .int64, in: 0...1)], .mixed, outputs: 3, version: 1, domain: "com.microsoft"),
        RowCase("Det", [.rows([1, 3, 3])], rows: 0, version: 11), RowCase("Det", [.rows([1, 3, 3])], rows: 0, version: 22),
        RowCase("BitCast", [.rows([1, 4])], rows: 0, ["to": .integer(6)]),
    ]
}
