import GraphIR
import Tensors

/// The steps of one run of a `Scan`.
struct ScanSteps: SettlingRounds {
    private var states: [RuntimeValue]
    private var parts: [ScanParts]
    private let sequences: [WalkedSequence]
    private let length: Int
    private var step = 0

    init(states: [RuntimeValue], sequences: [WalkedSequence], outputs: [ScanOutput], length: Int) {
        (self.states, self.sequences, self.length) = (states, sequences, length)
        parts = outputs.map { ScanParts($0, expectedCount: length) }
    }

    private var outputCount: Int { states.count + parts.count }

    func runsAnother(_ context: EvaluationContext) throws -> Bool {
        guard step < length else { return false }
        try context.checkStop()
        return true
    }

    mutating func runSteadily(_ context: EvaluationContext) throws -> Bool {
        let specs = sequences.map(\.elementSpec)
        guard
            var steady = try SteadyRounds(
                subgraph: 0, carried: states, trailing: specs, outputCount: outputCount, context),
            zip(parts, steady.outputs[states.count...]).allSatisfy({ $0.admits($1) })
        else { return false }
        let outputs = steady.outputs, firstPart = states.count
        let elements = try zip(sequences, specs).map { sequence, spec in
            sequence.axis == 0 ? nil : try context.makeTensor(spec) { $0.initializeMemory(as: UInt8.self, repeating: 0) }
        }
        let byteCounts = specs.map(\.byteCount)
        while try runsAnother(context) {
            for (index, sequence) in sequences.enumerated() {
                let input = states.count + index
                if let element = elements[index]?.storage.baseAddress {
                    sequence.copyElement(step, to: element)
                    steady.setInput(input, UnsafeRawPointer(element))
                } else {
                    steady.setInput(input, sequence.address(step, byteCount: byteCounts[index]))
                }
            }
            try steady.run { results in
                for index in parts.indices { try parts[index].add(results[firstPart + index], outputs[firstPart + index], context) }
            }
            step += 1
        }
        withExtendedLifetime(elements) {}
        states = steady.carried.map(RuntimeValue.tensor)
        return true
    }

    mutating func runAnew(_ context: EvaluationContext) throws {
        let inputs = try states + sequences.map { .tensor(try $0.element(step, context)) }
        let results = try withExtendedLifetime(inputs) { try context.run(subgraph: 0, inputs: inputs.map(ValueView.init)) }
        guard results.count == outputCount else {
            throw OperatorError.invalidValue("its body gives \(results.count) outputs, expected \(outputCount)")
        }
        for index in parts.indices {
            let part = try results[states.count + index].tensor()
            try withExtendedLifetime(part) { () throws(OperatorError) in try parts[index].add(part.view, context) }
        }
        states = Array(results[..<states.count])
        step += 1
    }

    /// The states' ends, then the scan outputs.
    func results(_ context: EvaluationContext) throws -> [RuntimeValue] {
        try states
            + parts.enumerated().map { index, parts in
                .tensor(try parts.stacked(emptyLike: context.outputFact(ofSubgraph: 0, states.count + index), context))
            }
    }
}
