import GraphIR
import Operators
import Tensors

extension RowCases {
    static let scattering = elements + tuples

    private static func indices(_ shape: [Int], axis: Int? = 0, below extent: Double) -> CaseInput {
        var input = CaseInput.shared(shape, .int64, in: -extent...extent - 1)
        input.axis = axis
        return input
    }

    private static let elements =
        ["Scatter", "ScatterElements"].flatMap { name in
            [
                RowCase(name, [.rows([1, 5]), indices([1, 3], below: 5), .rows([1, 3])], rows: 0, ["axis": .integer(1)]),
                RowCase(name, [.rows([5, 2], axis: 1), indices([3, 2], axis: 1, below: 5), .rows([3, 2], axis: 1)], rows: 1),
                RowCase(name, [.rows([2, 5]), indices([2, 5], below: 2), .rows([2, 5])], .mixed),
                RowCase(name, [.rows([2, 5]), indices([1, 3], axis: nil, below: 5), .shared([1, 3])], .mixed, ["axis": .integer(1)]),
            ]
        } + [
            RowCase(
                "ScatterElements", [.rows([1, 5]), indices([1, 3], below: 5), .rows([1, 3])], rows: 0,
                [
                    "axis": .integer(1), "reduction": .string("add"),
                ])
        ]

    private static let tuples: [RowCase] = [
        RowCase("ScatterND", [.rows([5, 1, 2], axis: 1), indices([3, 1], axis: nil, below: 5), .rows([3, 1, 2], axis: 1)], rows: 1),
        RowCase(
            "ScatterND", [.rows([5, 2], axis: 1), .fixed([1, 4], shape: [2, 1]), .rows([2, 2], axis: 1)], rows: 1,
            [
                "reduction": .string("max")
            ]),
        RowCase("ScatterND", [.rows([2, 3]), indices([1, 1], axis: nil, below: 2), .shared([1, 3])], .mixed),
        RowCase("ScatterND", [.rows([1, 3]), indices([1, 1], below: 1), .rows([1, 3])], .mixed),
    ]
}
