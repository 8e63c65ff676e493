import GraphIR
import Operators
import Tensors

extension RowCases {
    static let recurrent = cells.flatMap { cell in
        [
            layer(cell, timeFirst: [.rows([3, 1, 2], axis: 1)], carries: [2, 1, 1]),
            layer(cell, timeFirst: [.rows([3, 2, 2], axis: 1), nil, .rows([2], .int32, in: 0...3)], carries: [2, 1, 1]),
            layer(cell, timeFirst: [.rows([3, 1, 2], axis: 1), .rows([1, 1, 4], axis: 1)], carries: [2, 1, 1]),
            layer(cell, timeFirst: [.rows([3, 1, 2], axis: 1), .rows([2, 1, 4], axis: 1)], directions: 2, carries: [2, 1, 1]),
            layer(cell, timeFirst: [.rows([1, 3, 2]), .rows([1, 1, 4])], batchFirst: true, carries: [0, 0, 0]),
            layer(cell, timeFirst: [.rows([1, 2, 2]), .shared([1, 2, 4])], carries: nil),
        ]
    }

    private struct Cell: Sendable {
        let name: String
        let gates: Int
        var attributes: [String: Attribute] = [:]
    }

    private static let cells = [
        Cell(name: "LSTM", gates: 4), Cell(name: "GRU", gates: 3), Cell(name: "RNN", gates: 1),
        Cell(name: "GRU", gates: 3, attributes: ["linear_before_reset": .integer(1)]),
    ]

    /// A layer of 4 units over 2 features.
    ///
    /// - Parameter operands: the sequences, the first states, the lengths.
    private static func layer(
        _ cell: Cell, timeFirst operands: [CaseInput?], directions: Int = 1, batchFirst: Bool = false, carries axes: [Int]?
    ) -> RowCase {
        let states = operands.count > 1 ? operands[1] : nil, lengths = operands.count > 2 ? operands[2] : nil
        let isLSTM = cell.name == "LSTM", outputs = isLSTM ? 3 : 2
        var inputs: [CaseInput?] = [
            operands[0], .shared([directions, cell.gates * 4, 2]), .shared([directions, cell.gates * 4, 4]),
            .shared([directions, 2 * cell.gates * 4]), lengths, states,
        ]
        if isLSTM { inputs += [states, .shared([directions, 12])] }
        var attributes = cell.attributes
        attributes["hidden_size"] = .integer(4)
        attributes["layout"] = .integer(batchFirst ? 1 : 0)
        if directions == 2 { attributes["direction"] = .string("bidirectional") }
        let expected = axes.map { RowCase.Expectation.states($0.prefix(outputs).map { .rows(axis: $0) }) } ?? .mixed
        return RowCase(cell.name, inputs, expected, outputs: outputs, version: 22, attributes)
    }
}
