import GraphIR
import Operators
import Tensors

/// A case with contents, for one number of rows: what the rule says of it, and what is true.
struct RowTrial {
    private let row: RowCase
    private let op: any Operator
    private let rowCount: Int
    /// By input and row; one tensor for all rows where the input carries none.
    private let parts: [[Tensor]?]
    private let together: [Tensor]
    /// By row.
    private let alone: [[Tensor]]
    /// The results when one row of one input is another.
    private let disturbed: [(row: Int, outputs: [Tensor])]

    /// - Throws: when the operator refuses the inputs.
    init(_ row: RowCase, rowCount: Int) throws {
        self.row = row
        self.rowCount = rowCount
        op = try row.makeOperator()
        let contents: [[Tensor]?] = row.inputs.enumerated().map { index, input in
            input.map { input in
                (0..<(input.axis == nil ? 1 : rowCount)).map { row in
                    input.tensor(rowCount: rowCount, seed: UInt64(100 * index + row + 1))
                }
            }
        }
        parts = contents
        together = try Self.run(row, op, try Self.joined(row, contents))
        alone = []
        disturbed = []
    }

    private init(_ other: RowTrial, alone: [[Tensor]], disturbed: [(row: Int, outputs: [Tensor])]) {
        (row, op, rowCount, parts, together) = (other.row, other.op, other.rowCount, other.parts, other.together)
        self.alone = alone
        self.disturbed = disturbed
    }

    /// The trial with all runs made that `violation` looks at.
    func completed() throws -> RowTrial {
        RowTrial(self, alone: try (0..<rowCount).map(runAlone), disturbed: try runDisturbed())
    }

    // MARK: What the rule says

    /// - Parameter hidden: inputs whose shape the rule is not shown.
    func flow(hiding hidden: Set<Int> = []) throws -> RowFlow {
        let tensors = try Self.joined(row, parts)
        var facts = zip(row.inputs, tensors).map { input, tensor -> ValueFact? in
            guard let input, let tensor else { return nil }
            return input.isFree ? ValueFact(tensor.spec.type) : ValueFact(constant: tensor)
        }
        var outputs = together.map { ValueFact($0.spec.type) }
        if !(op is any DynamicOperator) { outputs = try op.infer(OperatorInputs(facts, outputCount: row.outputCount)) }
        for index in hidden { facts[index] = facts[index].map { ValueFact($0.elementType, nil) } }
        let none: @Sendable (Int, [RowState]) -> [RowState]? = { (_: Int, _: [RowState]) -> [RowState]? in nil }
        return op.rows(
            RowInputs(
                states: row.inputs.map { $0?.state }, facts: facts, outputs: Array(outputs.prefix(row.outputCount)),
                rowCount: rowCount, single: hidden.isEmpty ? singleFacts : [], subgraph: row.bodies?.states ?? none))
    }

    /// The inputs that are known before running, for a single row.
    private var singleFacts: [ValueFact?] {
        row.inputs.enumerated().map { index, input in
            guard let input, !input.isFree else { return nil }
            return ValueFact(constant: input.tensor(rowCount: 1, seed: UInt64(index + 1)))
        }
    }

    // MARK: What is true

    /// What contradicts that output `index` has `state`; nil when nothing does.
    func violation(of state: RowState, output index: Int) throws -> String? {
        let whole = together[index]
        if let axis = state.axis {
            guard axis < whole.shape.rank, whole.shape[axis] % rowCount == 0 else { return "there is no axis of rows" }
        }
        func part(_ row: Int, _ tensor: Tensor) throws -> Tensor {
            try state.axis.map { try tensor.block(row, of: rowCount, along: $0) } ?? tensor
        }
        if state != .counted {
            for row in 0..<rowCount {
                let found = try part(row, whole), expected = alone[row][index]
                guard found.isClose(to: expected) else {
                    return "row \(row) is \(found.spec) \(found.numbers.prefix(8)), alone \(expected.spec) \(expected.numbers.prefix(8))"
                }
            }
        }
        for change in disturbed {
            for row in 0..<(state.axis == nil ? 1 : rowCount) where row != change.row || state.axis == nil {
                guard try part(row, whole).bytes == part(row, change.outputs[index]).bytes else {
                    return "row \(row) of output \(index) changes with row \(change.row)"
                }
            }
        }
        return nil
    }

    /// The states that nothing contradicts.
    func possibleStates(ofOutput index: Int) throws -> Set<RowState> {
        let all = [.shared, .counted] + together[index].shape.extents.indices.map { RowState.rows(axis: $0) }
        return Set(try all.filter { try violation(of: $0, output: index) == nil })
    }

    // MARK: Runs

    private func runAlone(_ number: Int) throws -> [Tensor] {
        try Self.run(
            row, op,
            zip(row.inputs, parts).map { input, parts in
                // What follows from the number of rows is what it is for one.
                if case .counted = input?.content { return input?.tensor(rowCount: 1, seed: 0) }
                return parts.map { $0[min(number, $0.count - 1)] }
            })
    }

    private func runDisturbed() throws -> [(row: Int, outputs: [Tensor])] {
        var results: [(row: Int, outputs: [Tensor])] = []
        for (index, input) in row.inputs.enumerated() {
            guard let input, input.axis != nil else { continue }
            let changes = [input.tensor(rowCount: rowCount, seed: 9999)] + input.intrusions
            for number in 0..<rowCount {
                for change in changes {
                    var parts = parts
                    parts[index]?[number] = change
                    results.append((number, try Self.run(row, op, try Self.joined(row, parts))))
                }
            }
        }
        return results
    }

    private static func joined(_ row: RowCase, _ parts: [[Tensor]?]) throws -> [Tensor?] {
        try zip(row.inputs, parts).map { input, parts in
            guard let input, let parts else { return nil }
            return try input.axis.map { try Tensor(joining: parts, along: $0) } ?? parts[0]
        }
    }

    private static func run(_ row: RowCase, _ op: any Operator, _ inputs: [Tensor?]) throws -> [Tensor] {
        if let bodies = row.bodies, let dynamic = op as? any DynamicOperator {
            return try evaluateDynamic(dynamic, inputs, outputs: row.outputCount, subgraphs: bodies.code)
        }
        let known = row.inputs.indices.filter { row.inputs[$0]?.isFree == false }
        return try evaluate(op, inputs, outputs: row.outputCount, constants: Set(known))
    }
}
