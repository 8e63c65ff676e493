import GraphIR
import Operators
import Tensors

extension RowCases {
    static let windows = convolutions + pools

    private static let convolutions: [RowCase] = [
        RowCase("Conv", [.rows([1, 2, 5, 5]), .shared([3, 2, 3, 3]), .shared([3])], rows: 0, ["pads": .integers([1, 1, 1, 1])]),
        RowCase("Conv", [.rows([2, 4, 6]), .shared([4, 1, 2])], rows: 0, ["group": .integer(4), "strides": .integers([2])]),
        RowCase("Conv", [.rows([1, 2, 3, 3]), .shared([4, 2, 3, 3])], rows: 0),
        RowCase("Conv", [.rows([2, 2, 5], axis: 2), .shared([3, 2, 3])], .mixed),
        RowCase("Conv", [.shared([1, 2, 5]), .rows([3, 2, 3])], .declined),
        RowCase("Conv", [.rows([1, 2, 5]), .shared([3, 2, 3]), .shared([3]), .rows([1, 3, 3])], rows: 0).making { Conv() },
        RowCase("ConvTranspose", [.rows([1, 2, 4, 4]), .shared([2, 3, 2, 2]), .shared([3])], rows: 0, ["strides": .integers([2, 2])]),
        RowCase("ConvTranspose", [.rows([1, 2, 4], axis: 2), .shared([2, 3, 2])], .mixed),
    ]

    private static let window: [String: Attribute] = ["kernel_shape": .integers([2, 2]), "strides": .integers([1, 2])]

    private static let pools =
        ["MaxPool", "AveragePool", "LpPool"].flatMap { name in
            [
                RowCase(name, [.rows([1, 2, 4, 4])], rows: 0, window),
                RowCase(name, [.rows([2, 1, 4, 4], axis: 1)], rows: 1, window),
                RowCase(name, [.rows([1, 2, 3, 3], axis: 2)], .mixed, window),
            ]
        }
        + ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"].flatMap { name in
            [
                RowCase(name, [.rows([1, 2, 4, 4])], rows: 0), RowCase(name, [.rows([2, 1, 3], axis: 1)], rows: 1),
                RowCase(name, [.rows([1, 2, 3], axis: 2)], .mixed),
            ]
        }
        // Indices count from the first element of the whole batch on.
        + [RowCase("MaxPool", [.rows([1, 2, 4, 4])], .mixed, outputs: 2, window)]
}
