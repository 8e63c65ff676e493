import CKernels
import GraphIR
import Tensors

/// What LSTM, GRU and RNN have in common: attributes and shape rule.
///
/// - Shapes: X [time, batch, input], W [directions, gates · hidden, input], R [directions, gates · hidden, hidden],
///   B [directions, 2 · gates · hidden], lengths int32 [batch], states [directions, batch, hidden]
///   → Y [time, directions, batch, hidden], last states [directions, batch, hidden].
///   With `batchFirst`, X is [batch, time, input], Y [batch, time, directions, hidden], states [batch, directions, hidden].
struct RecurrentNode: Sendable {
    enum Direction: String, CaseIterable, Sendable { case forward, reverse, bidirectional }

    enum Cell: Sendable {
        case lstm(couplesForget: Bool)
        /// Whether the recurrent part of the candidate is a product of the hidden state, reset after it.
        case gru(resetsAfter: Bool)
        case rnn

        var gateCount: Int {
            switch self {
            case .lstm: 4
            case .gru: 3
            case .rnn: 1
            }
        }

        var defaultActivations: [String] {
            switch self {
            case .lstm: ["Sigmoid", "Tanh", "Tanh"]
            case .gru: ["Sigmoid", "Tanh"]
            case .rnn: ["Tanh"]
            }
        }

        var inputCount: ClosedRange<Int> {
            if case .lstm = self { 3...8 } else { 3...6 }
        }
    }

    let cell: Cell
    let direction: Direction
    let activations: RecurrentActivations
    /// Positive infinity when there is no limit.
    let clip: Float
    let batchFirst: Bool
    let hiddenSize: Int?
    /// The input that says which steps of which sequences count, bool [time, batch]: a step that does not count leaves the state as it
    /// is and gives what the step before gave, zeros at first. Made by passes.
    var maskInput: Int?

    init(_ reader: AttributeReader, _ cell: Cell) throws(OperatorError) {
        self.cell = cell
        direction = try reader.choice("direction", default: .forward)
        activations = try RecurrentActivations(
            reader, defaults: cell.defaultActivations, directionCount: direction == .bidirectional ? 2 : 1)
        clip = try reader.float("clip", default: .infinity)
        guard clip >= 0 else { throw .invalidAttribute(name: "clip", reason: "is \(clip), expected a positive limit") }
        let layout = try reader.integer("layout", default: 0)
        guard layout == 0 || layout == 1 else {
            throw .invalidAttribute(name: "layout", reason: "is \(layout), expected 0 (time first) or 1 (batch first)")
        }
        batchFirst = layout == 1
        hiddenSize = try reader.integer("hidden_size")
        if let hiddenSize, hiddenSize < 1 {
            throw .invalidAttribute(name: "hidden_size", reason: "is \(hiddenSize), expected 1 or more")
        }
    }

    var directionCount: Int { direction == .bidirectional ? 2 : 1 }

    /// Whether direction `index` walks from the end.
    func walksBackwards(_ index: Int) -> Bool { direction == .reverse || index == 1 }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(maskInput.map { $0 + 1...$0 + 1 } ?? cell.inputCount)
        let x = try inputs.required(0)
        if let maskInput { _ = try inputs.required(maskInput, of: [.bool]) }
        for index in 0..<inputs.count where index != 4 && index != maskInput && inputs[index] != nil {
            let type = try inputs.required(index).elementType
            guard type == .float32 else { throw .unsupported("\(type) in input \(index) of a recurrent operator") }
        }
        if inputs[4] != nil { _ = try inputs.required(4, of: [.int32]) }
        let sizes = try sizes(inputs)
        let states =
            batchFirst
            ? [sizes.batch, .known(directionCount), sizes.hidden] : [.known(directionCount), sizes.batch, sizes.hidden]
        let sequence =
            batchFirst
            ? [sizes.batch, sizes.time, .known(directionCount), sizes.hidden]
            : [sizes.time, .known(directionCount), sizes.batch, sizes.hidden]
        let state = ValueFact(x.elementType, try SymbolicShape(states).checked("a state"))
        return [ValueFact(x.elementType, try SymbolicShape(sequence).checked("the output")), state, state]
    }

    /// Sequences of a batch are walked one by one; lengths and states are one for each.
    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyInputsCarryRows(0, 4, 5, 6, maskInput ?? 0) else { return .mixed(RowReason.parameter) }
        let stateAxis = batchFirst ? 0 : 1
        guard inputs.axis(0) == stateAxis else { return .mixed("walks along the axis of the rows, or sums over it") }
        let followers = [(4, 0), (5, stateAxis), (6, stateAxis)] + (maskInput.map { [($0, 1)] } ?? [])
        for (index, axis) in followers where inputs[index] != nil && inputs.axis(index) != axis {
            return .mixed(RowReason.positional)
        }
        let states = [RowState.rows(axis: batchFirst ? 0 : 2), .rows(axis: stateAxis), .rows(axis: stateAxis)]
        return .states(Array(states.prefix(inputs.outputs.count)))
    }

    private struct Sizes {
        var time = Dimension.unknown
        var batch = Dimension.unknown
        var input = Dimension.unknown
        var hidden = Dimension.unknown
    }

    /// The sizes as far as the inputs tell, after every known shape is found to agree.
    private func sizes(_ inputs: OperatorInputs) throws(OperatorError) -> Sizes {
        var sizes = Sizes()
        if let hiddenSize { sizes.hidden = .known(hiddenSize) }
        if let x = inputs[0]?.shape {
            guard x.rank == 3 else { throw .invalidInput(index: 0, reason: "has rank \(x.rank), expected 3") }
            (sizes.time, sizes.batch, sizes.input) = batchFirst ? (x[1], x[0], x[2]) : (x[0], x[1], x[2])
        }
        if let recurrent = inputs[2]?.shape, recurrent.rank == 3, hiddenSize == nil { sizes.hidden = recurrent[2] }
        if let weights = inputs[1]?.shape, weights.rank == 3 {
            sizes.input = Dimension.unified(sizes.input, weights[2]) ?? sizes.input
        }
        let gates = times(sizes.hidden, cell.gateCount), directions = Dimension.known(directionCount)
        let state = batchFirst ? [sizes.batch, directions, sizes.hidden] : [directions, sizes.batch, sizes.hidden]
        try check(inputs, 1, [directions, gates, sizes.input])
        try check(inputs, 2, [directions, gates, sizes.hidden])
        try check(inputs, 3, [directions, times(gates, 2)])
        try check(inputs, 4, [sizes.batch])
        try check(inputs, 5, state)
        try check(inputs, 6, state)
        try check(inputs, 7, [directions, times(sizes.hidden, 3)])
        if let maskInput { try check(inputs, maskInput, [sizes.time, sizes.batch]) }
        return sizes
    }

    private func times(_ extent: Dimension, _ factor: Int) -> Dimension { Dimension.product([extent, .known(factor)]) }

    private func check(_ inputs: OperatorInputs, _ index: Int, _ expected: [Dimension]) throws(OperatorError) {
        guard let shape = inputs[index]?.shape else { return }
        let agrees =
            shape.rank == expected.count
            && zip(shape.dimensions, expected).allSatisfy { Dimension.unified($0, $1) != nil }
        guard agrees else {
            throw .invalidInput(index: index, reason: "has shape \(shape), expected \(SymbolicShape(expected))")
        }
    }

    /// The cell of direction `index`, without peepholes.
    func cell(_ index: Int) -> apus_cell {
        let activations = activations.byDirection[index]
        var result = apus_cell()
        result.gate = activations[0]
        result.candidate = activations[min(1, activations.count - 1)]
        result.output = activations[activations.count - 1]
        result.clip = clip
        if case .lstm(couplesForget: true) = cell { result.couples_forget = true }
        return result
    }
}
