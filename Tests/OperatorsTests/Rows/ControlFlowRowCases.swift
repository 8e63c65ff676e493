import GraphIR
import Operators
import Tensors

extension RowCases {
    static let controlFlow = loops + scans

    private static let yes = Tensor([1], .bool, [])

    /// The running value with its sign turned, and as a part the one before.
    private static let turning = RowCase.Bodies(
        states: { _, states in [.shared, states[2], states[2]] },
        code: [
            CodeSubgraph { inputs in
                [yes, try evaluate(makeOperator("Neg", in: ElementwiseOperators.spellings), [inputs[2]])[0], inputs[2]]
            }
        ])

    private static let loops: [RowCase] = [
        RowCase("Loop", [.fixed([3], shape: []), nil, .rows([1, 3])], .states([.rows(axis: 0), .rows(axis: 1)]), outputs: 2)
            .with(turning),
        RowCase(
            "Loop", [.fixed([3], shape: []), .fixed([1], .bool, shape: []), .rows([2, 2], axis: 1)],
            .states([.rows(axis: 1), .rows(axis: 2)]), outputs: 2
        ).with(turning),
    ]

    /// A sum that is carried, and the element as a part.
    private static let adding = RowCase.Bodies(
        states: { _, states in states[0] == states[1] ? states : nil },
        code: [
            CodeSubgraph { inputs in
                [try evaluate(makeOperator("Add", in: ElementwiseOperators.spellings, inputs: 2), inputs)[0], inputs[1]]
            }
        ])

    private static let scans: [RowCase] = [
        RowCase(
            "Scan", [.rows([1, 3]), .rows([4, 1, 3], axis: 1)], .states([.rows(axis: 0), .rows(axis: 1)]), outputs: 2,
            [
                "num_scan_inputs": .integer(1)
            ]
        ).with(adding),
        RowCase(
            "Scan", [.rows([1, 3]), .rows([1, 4, 3])], .states([.rows(axis: 0), .rows(axis: 0)]), outputs: 2,
            [
                "num_scan_inputs": .integer(1), "scan_input_axes": .integers([1]), "scan_output_axes": .integers([1]),
                "scan_input_directions": .integers([1]), "scan_output_directions": .integers([1]),
            ]
        ).with(adding),
        RowCase("Scan", [.shared([3]), .rows([1, 3])], .mixed, outputs: 2, ["num_scan_inputs": .integer(1)]).with(adding),
    ]
}
