import GraphIR
import Tensors

/// The rounds of one run of a `Loop`.
struct LoopRounds: SettlingRounds {
    private var carried: [RuntimeValue]
    private var optionals: CarriedOptionals
    private var parts: [ScanParts]
    private var condition: Bool
    private var round = 0
    private let tripCount: Int
    private let maximumCount: Int

    init(carried: [RuntimeValue], partCount: Int, tripCount: Int, condition: Bool, maximumCount: Int) {
        (self.carried, self.tripCount, self.condition, self.maximumCount) = (carried, tripCount, condition, maximumCount)
        optionals = CarriedOptionals(carried)
        parts = (0..<partCount).map { _ in ScanParts(ScanOutput(), expectedCount: max(tripCount, 0)) }
    }

    private var outputCount: Int { 1 + carried.count + parts.count }

    func runsAnother(_ context: EvaluationContext) throws -> Bool {
        guard condition, round < tripCount else { return false }
        guard round < maximumCount else {
            throw OperatorError.invalidValue(
                "is still running after \(maximumCount) rounds (trip count \(tripCount)); check its trip count and condition")
        }
        try context.checkStop()
        return true
    }

    mutating func runSteadily(_ context: EvaluationContext) throws -> Bool {
        let number = Tensor(scalar: Int64(round)), flag = Tensor(scalar: condition)
        guard
            var steady = try SteadyRounds(
                subgraph: 0, leading: [number.spec, flag.spec], carried: carried, firstOutput: 1, outputCount: outputCount, context),
            steady.outputs[0].elementType == .bool, steady.outputs[0].shape.elementCount == 1,
            zip(parts, steady.outputs[(1 + carried.count)...]).allSatisfy({ $0.admits($1) })
        else { return false }
        steady.setInput(0, UnsafeRawPointer(number.storage.baseAddress))
        steady.setInput(1, UnsafeRawPointer(flag.storage.baseAddress))
        let specs = steady.outputs, firstPart = 1 + carried.count
        repeat {
            number.storage.baseAddress.storeBytes(of: Int64(round), as: Int64.self)
            condition = try steady.run { results in
                for index in parts.indices {
                    try parts[index].add(results[firstPart + index], specs[firstPart + index], context)
                }
                return results[0].load(as: UInt8.self) != 0
            }
            flag.storage.baseAddress.storeBytes(of: condition ? 1 : 0, as: UInt8.self)
            round += 1
        } while try runsAnother(context)
        withExtendedLifetime((number, flag)) {}
        carried = steady.carried.map(RuntimeValue.tensor)
        return true
    }

    mutating func runAnew(_ context: EvaluationContext) throws {
        let inputs = [.tensor(Tensor(scalar: Int64(round))), .tensor(Tensor(scalar: condition))] + carried
        let results = try withExtendedLifetime(inputs) { try context.run(subgraph: 0, inputs: inputs.map(ValueView.init)) }
        guard results.count == outputCount else {
            throw OperatorError.invalidValue("its body gives \(results.count) outputs, expected \(outputCount)")
        }
        condition = try results[0].condition()
        carried = optionals.wrapped(results[1..<1 + carried.count])
        for index in parts.indices {
            let part = try results[1 + carried.count + index].tensor()
            try withExtendedLifetime(part) { () throws(OperatorError) in try parts[index].add(part.view, context) }
        }
        round += 1
    }

    /// The carried values' ends, then the scan outputs.
    func results(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let stacked = try parts.enumerated().map { index, parts in
            let fact = context.outputFact(ofSubgraph: 0, 1 + carried.count + index)
            return RuntimeValue.tensor(try parts.stacked(emptyLike: fact, context))
        }
        return try optionals.unwrapped(carried) { context.outputFact(ofSubgraph: 0, $0 + 1)?.valueType } + stacked
    }
}

extension RuntimeValue {
    /// The single bool that a loop's body returns.
    fileprivate func condition() throws(OperatorError) -> Bool {
        guard case .tensor(let tensor) = self, tensor.elementType == .bool, let value = tensor.integers?.first,
            tensor.elementCount == 1
        else { throw .invalidValue("its body returns \(kind) for the condition, expected a single bool") }
        return value != 0
    }

    /// The dense tensor that a loop's body returns.
    func tensor() throws(OperatorError) -> Tensor {
        guard case .tensor(let tensor) = self else { throw .invalidValue("its body returns \(kind), expected a dense tensor") }
        return tensor
    }
}
