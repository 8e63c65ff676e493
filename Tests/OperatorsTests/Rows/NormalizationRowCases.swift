import GraphIR
import Operators
import Tensors

extension RowCases {
    static let normalizations = batchNormalizations + layerNormalizations + groupNormalizations + others

    private static func statistics(_ channels: Int) -> [CaseInput] {
        [.shared([channels]), .shared([channels]), .shared([channels]), .shared([channels], in: 0.5...2)]
    }

    private static let batchNormalizations: [RowCase] = [
        RowCase("BatchNormalization", [.rows([1, 3, 2, 2])] + statistics(3), rows: 0),
        RowCase("BatchNormalization", [.rows([2])] + statistics(1), rows: 0),
        RowCase("BatchNormalization", [.rows([1, 3, 2, 2])] + statistics(3), .mixed, ["training_mode": .integer(1)]),
        RowCase("BatchNormalization", [.rows([2, 3, 1], axis: 2)] + statistics(3), rows: 2),
    ]

    private static let layerNormalizations =
        ["LayerNormalization", "RMSNormalization"].flatMap { name in
            [
                RowCase(name, [.rows([1, 4, 3]), .shared([3])], rows: 0),
                RowCase(name, [.rows([4, 2, 3], axis: 1), .shared([1])], rows: 1),
                RowCase(name, [.rows([1, 4, 3]), .shared([4, 3])], rows: 0, ["axis": .integer(1)]),
                RowCase(name, [.rows([4, 2, 3], axis: 1), .shared([1])], .mixed, ["axis": .integer(1)]),
            ]
        } + [RowCase("LayerNormalization", [.rows([1, 4, 3]), .shared([3]), .shared([3])], rows: 0, outputs: 3)]

    private static let groupNormalizations: [RowCase] = [
        RowCase("InstanceNormalization", [.rows([1, 3, 4]), .shared([3]), .shared([3])], rows: 0),
        RowCase("InstanceNormalization", [.rows([1, 3, 4], axis: 2), .shared([3]), .shared([3])], .mixed),
        RowCase("GroupNormalization", [.rows([1, 4, 3]), .shared([4]), .shared([4])], rows: 0, ["num_groups": .integer(2)]),
        RowCase("GroupNormalization", [.rows([1, 4, 3]), .shared([2]), .shared([2])], rows: 0, version: 18, ["num_groups": .integer(2)]),
        RowCase("GroupNormalization", [.rows([1, 4, 3], axis: 2), .shared([4]), .shared([4])], .mixed, ["num_groups": .integer(2)]),
    ]

    private static let others: [RowCase] = [
        RowCase("LpNormalization", [.rows([1, 4])], rows: 0),
        RowCase("LpNormalization", [.rows([1, 4, 2])], .mixed, ["axis": .integer(0), "p": .integer(1)]),
        RowCase("LRN", [.rows([1, 5, 3])], rows: 0, ["size": .integer(3)]),
        RowCase("LRN", [.rows([2, 5, 1], axis: 2)], rows: 2, ["size": .integer(3)]),
        RowCase("LRN", [.rows([1, 2, 3], axis: 1)], .mixed, ["size": .integer(3)]),
        RowCase("MeanVarianceNormalization", [.rows([1, 3, 2, 2])], .mixed),
        RowCase("MeanVarianceNormalization", [.rows([1, 3, 2, 2])], rows: 0, ["axes": .integers([2, 3])]),
        RowCase("MeanVarianceNormalization", [.rows([1, 3, 2, 2])], rows: 0, version: 1),
    ]
}
