import GraphIR
import Tensors

/// Walks along the sequences of each position of a batch, handing states from one step to the next.
///
/// - Inputs: lengths of the sequences int64 [batch] (optional; all of them in full), states' beginnings [batch, …], then
///   `sequenceCount` sequences [batch, length, …].
/// - Body: (states…, one element of each sequence…) → (states…, one part of each scan output…), all without the batch.
/// - Outputs: the states' ends [batch, …], then each scan output [batch, length, …]: its parts, and zeros after the last step.
/// - Source: ONNX operator Scan of opset 8.
struct BatchedScan: SubgraphOperator {
    static let subgraphAttributes = ["body"]

    let sequenceCount: Int
    /// By sequence, 1 for one that is walked from its end; a missing entry is 0.
    var directions: [Int] = []

    var name: String { "Scan" }

    func subgraphInputs(_ inputs: OperatorInputs) throws(OperatorError) -> [[ValueFact]] {
        let stateCount = try stateCount(inputs.count)
        var facts: [ValueFact] = []
        for index in 1..<inputs.count {
            let type = try inputs.tensor(index)
            let outerRank = index <= stateCount ? 1 : 2
            guard let shape = type.shape else {
                facts.append(ValueFact(type.elementType, nil as SymbolicShape?))
                continue
            }
            guard shape.rank >= outerRank else {
                throw .invalidInput(index: index, reason: "has rank \(shape.rank), expected at least \(outerRank)")
            }
            facts.append(ValueFact(type.elementType, SymbolicShape(Array(shape.dimensions.dropFirst(outerRank)))))
        }
        return [facts]
    }

    func infer(_ inputs: OperatorInputs, subgraphOutputs: [[ValueFact]]) throws(OperatorError) -> [ValueFact] {
        let stateCount = try stateCount(inputs.count)
        let body = try inputs.scanBody(subgraphOutputs, stateCount: stateCount)
        let (batch, length) = try extents(inputs, stateCount: stateCount)
        var outputs: [ValueFact] = []
        for (index, part) in body.enumerated() {
            if index < stateCount {
                let first = try inputs.tensor(index + 1)
                guard first.elementType == part.elementType else {
                    throw .invalidInput(index: index + 1, reason: "is \(first.elementType), the body hands on \(part.elementType)")
                }
            }
            let outer = index < stateCount ? [batch] : [batch, length]
            let shape = try part.shape.map { shape throws(OperatorError) in
                try SymbolicShape(outer + shape.dimensions).checked("output \(index)")
            }
            // A state of a sequence without elements keeps the shape in which it began.
            let began = index < stateCount ? try inputs.tensor(index + 1).shape : shape
            outputs.append(ValueFact(part.elementType, SymbolicShape.join(began, shape)))
        }
        return outputs
    }

    private func stateCount(_ inputCount: Int) throws(OperatorError) -> Int {
        guard sequenceCount >= 1, sequenceCount < inputCount else {
            throw .invalidAttribute(name: "num_scan_inputs", reason: "is \(sequenceCount), the node has \(inputCount) inputs")
        }
        return inputCount - 1 - sequenceCount
    }

    /// What is known of the number of sequences and of their length.
    private func extents(_ inputs: OperatorInputs, stateCount: Int) throws(OperatorError) -> (Dimension, Dimension) {
        var batch = Dimension.unknown, length = Dimension.unknown
        if inputs[0] != nil, let shape = try inputs.required(0, of: [.int64]).shape {
            guard shape.rank == 1 else { throw .invalidInput(index: 0, reason: "has rank \(shape.rank), expected 1") }
            batch = shape[0]
        }
        for index in 1..<inputs.count {
            guard let shape = try inputs.tensor(index).shape else { continue }
            let isSequence = index > stateCount
            guard shape.rank >= (isSequence ? 2 : 1), let own = Dimension.unified(batch, shape[0]),
                let along = isSequence ? Dimension.unified(length, shape[1]) : length
            else {
                throw .invalidInput(
                    index: index, reason: "has shape \(shape), the inputs before have batches of \(batch) and lengths of \(length)")
            }
            (batch, length) = (own, along)
        }
        return (batch, length)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let stateCount = try stateCount(context.inputs.count)
        guard context.outputCount >= stateCount else {
            throw OperatorError.invalidValue("has \(context.outputCount) outputs for \(stateCount) states")
        }
        let operands = try (1..<context.inputs.count).map { try context.required($0) }
        let walk = try Walk(operands, stateCount: stateCount)
        let lengths = try lengths(of: walk, context)
        var ends = [[Tensor]](repeating: [], count: stateCount)
        var parts = [[[Tensor]]](repeating: [], count: context.outputCount - stateCount)
        for batch in 0..<walk.batchCount {
            let results = try run(walk, batch, steps: lengths[batch], context)
            for index in ends.indices { ends[index].append(results.states[index]) }
            for index in parts.indices { parts[index].append(results.parts[index]) }
        }
        var outputs: [RuntimeValue] = []
        for index in ends.indices {
            // Without a batch there is nothing to stack: the states are as empty as they began.
            let isEmpty = walk.batchCount == 0
            outputs.append(
                .tensor(
                    isEmpty
                        ? try copied(operands[index], context) : try ScanOutput().stack(ends[index], emptyLike: nil, context)))
        }
        for index in parts.indices {
            let fact = context.outputFact(ofSubgraph: 0, stateCount + index)
            outputs.append(.tensor(try Self.padded(parts[index], length: walk.length, emptyLike: fact, context)))
        }
        return outputs
    }

    private func copied(_ view: TensorView, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        try context.makeTensor(view.spec) { $0.copyMemory(from: view.bytes) }
    }

    private func lengths(of walk: Walk, _ context: EvaluationContext) throws(OperatorError) -> [Int] {
        guard context.has(0) else { return [Int](repeating: walk.length, count: walk.batchCount) }
        let lengths = try context.integers(0)
        guard lengths.count == walk.batchCount, lengths.allSatisfy({ (0...walk.length).contains($0) }) else {
            throw .invalidInput(
                index: 0, reason: "has \(lengths.count) lengths, expected \(walk.batchCount) of 0 to \(walk.length)")
        }
        return lengths
    }

    private func run(
        _ walk: Walk, _ batch: Int, steps: Int, _ context: EvaluationContext
    ) throws -> (states: [Tensor], parts: [[Tensor]]) {
        let stateCount = walk.stateCount
        var states = try (0..<stateCount).map { try walk.state($0, batch, context) }
        var parts = [[Tensor]](repeating: [], count: context.outputCount - stateCount)
        for step in 0..<steps {
            try context.checkStop()
            let elements = try (0..<sequenceCount).map { index in
                let isReversed = index < directions.count && directions[index] == 1
                return try walk.element(index, batch, isReversed ? steps - 1 - step : step, context)
            }
            let inputs = states + elements
            let results = try withExtendedLifetime(inputs) {
                try context.run(subgraph: 0, inputs: inputs.map { .dense($0.view) })
            }
            guard results.count == context.outputCount else {
                throw OperatorError.invalidValue("its body gives \(results.count) outputs, expected \(context.outputCount)")
            }
            states = try results[..<stateCount].map { try $0.tensor() }
            for index in parts.indices { parts[index].append(try results[stateCount + index].tensor()) }
        }
        return (states, parts)
    }

    /// The parts [batch][step] as one tensor, with zeros for the steps that were not.
    ///
    /// - Parameter fact: what is known of a part when there is none; unknown extents become 0.
    private static func padded(
        _ parts: [[Tensor]], length: Int, emptyLike fact: ValueFact?, _ context: EvaluationContext
    ) throws(OperatorError) -> Tensor {
        let spec: TensorSpec
        if let first = parts.lazy.compactMap(\.first).first {
            spec = first.spec
        } else if let fact {
            let extents = fact.shape?.dimensions.map { $0.value ?? 0 } ?? []
            spec = TensorSpec(fact.elementType, try Shape(checked: extents, what: "a scan output"))
        } else {
            throw .invalidValue("ran no step, so the type of a scan output is not known")
        }
        for row in parts {
            for part in row where part.spec != spec {
                throw .invalidValue("a scan output is \(spec) in one step and \(part.spec) in another; all steps must agree")
            }
        }
        let shape = try Shape(checked: [parts.count, length] + spec.shape.extents, what: "a scan output")
        return try context.makeTensor(TensorSpec(spec.elementType, shape)) { bytes in
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            guard let target = bytes.baseAddress, bytes.count > 0 else { return }
            for (batch, row) in parts.enumerated() {
                for (step, part) in row.enumerated() {
                    part.withBytes { source in
                        guard let base = source.baseAddress else { return }
                        (target + (batch * length + step) * spec.byteCount).copyMemory(from: base, byteCount: spec.byteCount)
                    }
                }
            }
        }
    }

    /// The inputs without the lengths: states, then sequences.
    private struct Walk {
        let operands: [TensorView]
        let stateCount: Int
        let batchCount: Int
        /// Of the sequences, in full.
        let length: Int

        init(_ operands: [TensorView], stateCount: Int) throws(OperatorError) {
            guard stateCount < operands.count, operands[stateCount].shape.rank >= 2 else {
                throw .invalidValue("has a sequence of rank below 2")
            }
            (self.operands, self.stateCount) = (operands, stateCount)
            (batchCount, length) = (operands[stateCount].shape[0], operands[stateCount].shape[1])
            for (index, operand) in operands.enumerated() {
                let extents = operand.shape.extents
                let expected = index < stateCount ? [batchCount] : [batchCount, length]
                guard Array(extents.prefix(expected.count)) == expected else {
                    throw .invalidInput(index: index + 1, reason: "has shape \(operand.shape), expected \(expected) to begin it")
                }
            }
        }

        func state(_ index: Int, _ batch: Int, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
            try part(operands[index], batch, rank: 1, context)
        }

        func element(_ index: Int, _ batch: Int, _ step: Int, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
            try part(operands[stateCount + index], batch * length + step, rank: 2, context)
        }

        /// Part `number` of those that lie one behind the other in the outer `rank` axes.
        private func part(
            _ view: TensorView, _ number: Int, rank: Int, _ context: EvaluationContext
        ) throws(OperatorError) -> Tensor {
            let spec = TensorSpec(view.elementType, Shape(Array(view.shape.extents.dropFirst(rank))))
            return try context.makeTensor(spec) { bytes in
                guard let target = bytes.baseAddress, bytes.count > 0 else { return }
                target.copyMemory(from: view.baseAddress + number * spec.byteCount, byteCount: bytes.count)
            }
        }
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("Scan", since: 8, through: 8) { reader throws(OperatorError) in
            guard let count = try reader.integer("num_scan_inputs") else {
                throw .invalidAttribute(name: "num_scan_inputs", reason: "is missing")
            }
            return BatchedScan(sequenceCount: count, directions: try reader.integers("directions") ?? [])
        }
    ]
}
