import GraphIR
import Tensors

/// Walks along sequences, handing states from one step to the next.
///
/// - Inputs: states' beginnings, then `sequenceCount` sequences of one length.
/// - Body: (states…, one element of each sequence…) → (states…, one part of each scan output…).
/// - Outputs: the states' ends, then each scan output: its parts stacked along its axis.
/// - Source: ONNX operator Scan since opset 9 (opset 8: `BatchedScan`).
struct Scan: SubgraphOperator {
    static let subgraphAttributes = ["body"]

    let sequenceCount: Int
    /// Axis and direction by sequence; a missing entry is axis 0, forward.
    var inputAxes: [Int] = []
    var inputDirections: [Int] = []
    var outputAxes: [Int] = []
    var outputDirections: [Int] = []

    func subgraphInputs(_ inputs: OperatorInputs) throws(OperatorError) -> [[ValueFact]] {
        let stateCount = try stateCount(inputs.count)
        var facts: [ValueFact] = []
        for index in 0..<inputs.count {
            let fact = try inputs.required(index)
            guard index >= stateCount, var shape = fact.shape else {
                facts.append(ValueFact(fact.elementType, nil as SymbolicShape?))
                continue
            }
            shape.dimensions.remove(at: try axis(of: index - stateCount, rank: shape.rank, input: index))
            facts.append(ValueFact(fact.elementType, shape))
        }
        return [facts]
    }

    /// The states as they go in; of the scan outputs' parts nothing is known.
    func expectedOutputs(ofSubgraph index: Int, formals: [[ValueFact]]) -> [ValueType?] {
        formals[index].dropLast(sequenceCount).map(\.valueType)
    }

    func infer(_ inputs: OperatorInputs, subgraphOutputs: [[ValueFact]]) throws(OperatorError) -> [ValueFact] {
        let stateCount = try stateCount(inputs.count)
        let body = try inputs.scanBody(subgraphOutputs, stateCount: stateCount)
        let length = try sequenceLength(inputs, stateCount: stateCount)
        var outputs: [ValueFact] = []
        for (index, part) in body.enumerated() {
            guard index >= stateCount else {
                let first = try inputs.required(index)
                guard first.elementType == part.elementType else {
                    throw .invalidInput(index: index, reason: "is \(first.elementType), the body hands on \(part.elementType)")
                }
                outputs.append(ValueFact(first.elementType, SymbolicShape.join(first.shape, part.shape)))
                continue
            }
            guard var shape = part.shape else {
                outputs.append(ValueFact(part.elementType, nil as SymbolicShape?))
                continue
            }
            let output = output(index - stateCount)
            guard let place = Shape.resolve(axis: output.axis, rank: shape.rank + 1) else {
                throw .invalidAttribute(name: "scan_output_axes", reason: "has axis \(output.axis) for a part of shape \(shape)")
            }
            shape.dimensions.insert(length, at: place)
            outputs.append(ValueFact(part.elementType, shape))
        }
        return outputs
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            let stateCount = try stateCount(inputs.count)
            var elements: [RowState] = []
            for index in 0..<sequenceCount {
                let input = stateCount + index, state = inputs[input] ?? .shared
                guard let along = state.axis else {
                    elements.append(state)
                    continue
                }
                let walked = try axis(of: index, rank: inputs.extents(input)?.count ?? 0, input: input)
                guard walked != along else { return .mixed("walks along the axis of the rows") }
                elements.append(.rows(axis: walked < along ? along - 1 : along))
            }
            let steps = CarriedRows(from: inputs.states.prefix(stateCount).map { $0 ?? .shared }, at: 0) {
                inputs.subgraphOutputs(0, $0 + elements)
            }
            guard let steps else { return .mixed("mixes rows in its body") }
            return try outputs(of: steps, inputs)
        }
    }

    private func outputs(of steps: CarriedRows, _ inputs: RowInputs) throws(OperatorError) -> RowFlow {
        var states = steps.carried
        for (index, part) in steps.results.dropFirst(states.count).enumerated() {
            guard let rank = inputs.outputs[states.count].rank else { return .mixed("stacks parts of unknown rank") }
            states.append(part.stacked(along: try Axes.resolve(output(index).axis, rank: rank)))
        }
        return .states(states)
    }

    private func stateCount(_ inputCount: Int) throws(OperatorError) -> Int {
        guard sequenceCount >= 1, sequenceCount <= inputCount else {
            throw .invalidAttribute(name: "num_scan_inputs", reason: "is \(sequenceCount), the node has \(inputCount) inputs")
        }
        return inputCount - sequenceCount
    }

    private func sequenceLength(_ inputs: OperatorInputs, stateCount: Int) throws(OperatorError) -> Dimension {
        var length = Dimension.unknown
        for index in stateCount..<inputs.count {
            guard let shape = inputs[index]?.shape else { continue }
            let own = shape[try axis(of: index - stateCount, rank: shape.rank, input: index)]
            guard let joined = Dimension.unified(length, own) else {
                throw .invalidInput(index: index, reason: "is a sequence of length \(own), the sequences before have \(length)")
            }
            length = joined
        }
        return length
    }

    private func axis(of sequence: Int, rank: Int, input: Int) throws(OperatorError) -> Int {
        try Axes.resolve(sequence < inputAxes.count ? inputAxes[sequence] : 0, rank: rank, input: input)
    }

    private func output(_ index: Int) -> ScanOutput {
        ScanOutput(
            axis: index < outputAxes.count ? outputAxes[index] : 0,
            isReversed: index < outputDirections.count && outputDirections[index] == 1)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let stateCount = try stateCount(context.inputs.count)
        guard context.outputCount >= stateCount else {
            throw OperatorError.invalidValue("has \(context.outputCount) outputs for \(stateCount) states")
        }
        let sequences = try (0..<sequenceCount).map { index in
            let view = try context.required(stateCount + index)
            return WalkedSequence(
                view: view, axis: try axis(of: index, rank: view.shape.rank, input: stateCount + index),
                isReversed: index < inputDirections.count && inputDirections[index] == 1)
        }
        let length = sequences[0].length
        guard sequences.allSatisfy({ $0.length == length }) else {
            throw OperatorError.invalidValue("has sequences of the lengths \(sequences.map(\.length)); they must be equal")
        }
        let states = try (0..<stateCount).map { try context.copy(try context.value($0)) }
        let outputs = (0..<context.outputCount - stateCount).map(output)
        var steps = ScanSteps(states: states, sequences: sequences, outputs: outputs, length: length)
        try steps.run(context)
        return try steps.results(context)
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("Scan", since: 9) { reader throws(OperatorError) in
            guard let count = try reader.integer("num_scan_inputs") else {
                throw .invalidAttribute(name: "num_scan_inputs", reason: "is missing")
            }
            return Scan(
                sequenceCount: count, inputAxes: try reader.integers("scan_input_axes") ?? [],
                inputDirections: try reader.integers("scan_input_directions") ?? [],
                outputAxes: try reader.integers("scan_output_axes") ?? [],
                outputDirections: try reader.integers("scan_output_directions") ?? [])
        }
    ]
}

extension OperatorInputs {
    /// What the one body of a scan gives for each output of the node: dense tensors, the states first.
    func scanBody(_ subgraphOutputs: [[ValueFact]], stateCount: Int) throws(OperatorError) -> [ValueFact] {
        guard let body = subgraphOutputs.first, subgraphOutputs.count == 1 else {
            throw .invalidValue("has \(subgraphOutputs.count) bodies, expected 1")
        }
        guard body.count == outputCount, body.count >= stateCount else {
            throw .invalidValue("its body gives \(body.count) outputs, expected \(outputCount), of them \(stateCount) states")
        }
        for part in body where !part.valueType.isDense { throw .unsupported("a body that gives \(part.valueType)") }
        return body
    }
}
