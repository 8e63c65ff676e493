import GraphIR
import Tensors

/// The rounds of one run of a `TensorLoop`.
struct TensorLoopRounds: SettlingRounds {
    private let loop: TensorLoop
    private var state: [Tensor]
    /// Memory of the round before the last.
    private var spare: [Tensor?]
    private var buffers: [ListBuffer]
    private var round = 0
    /// Whether another round runs.
    private var runs: Bool

    init(_ loop: TensorLoop, _ context: EvaluationContext) throws {
        self.loop = loop
        state = try (0..<loop.carriedCount).map { try context.tensor(copying: try context.required($0)) }
        spare = Array(repeating: nil, count: loop.carriedCount)
        buffers = try loop.lists.indices.map { try ListBuffer(loop.lists[$0], count: context.integer(loop.carriedCount + $0)) }
        runs = try Self.firstRoundRuns(state, context)
    }

    private static func firstRoundRuns(_ state: [Tensor], _ context: EvaluationContext) throws -> Bool {
        let results = try withExtendedLifetime(state) {
            try context.run(subgraph: 0, inputs: state.map { .dense($0.view) })
        }
        guard let condition = results.first, results.count == 1 else {
            throw OperatorError.invalidValue("its condition gives \(results.count) outputs, expected 1")
        }
        return try Condition.holds(condition)
    }

    private var outputCount: Int { loop.carriedCount + 2 * buffers.count + 1 }

    func runsAnother(_ context: EvaluationContext) throws -> Bool {
        guard runs else { return false }
        guard round < loop.maximumRoundCount else {
            throw OperatorError.invalidValue("is still running after \(loop.maximumRoundCount) rounds; check its condition")
        }
        try context.checkStop()
        return true
    }

    mutating func runSteadily(_ context: EvaluationContext) throws -> Bool {
        // The steady rounds have spare memory of their own.
        spare = Array(repeating: nil, count: loop.carriedCount)
        guard
            var steady = try SteadyRounds(
                subgraph: 1, carried: state.map(RuntimeValue.tensor), outputCount: outputCount, context)
        else { return false }
        let specs = steady.outputs
        repeat {
            runs = try steady.run { results in
                for index in buffers.indices {
                    let place = loop.carriedCount + 2 * index
                    try put(
                        TensorView(specs[place + 1], results[place + 1]), at: TensorView(specs[place], results[place]), index, context)
                }
                return Condition.holds(TensorView(specs[outputCount - 1], results[outputCount - 1]))
            }
            round += 1
        } while try runsAnother(context)
        state = steady.carried
        return true
    }

    private mutating func put(
        _ element: TensorView, at place: TensorView, _ buffer: Int, _ context: EvaluationContext
    ) throws(OperatorError) {
        guard let number = place.singleInteger else {
            throw .invalidValue("puts an element at \(place.spec), expected a single integer")
        }
        try buffers[buffer].put(element, at: number, context)
    }

    mutating func runAnew(_ context: EvaluationContext) throws {
        try withExtendedLifetime(state) {
            try context.lend(subgraph: 1, inputs: state.map { .dense($0.view) }) { try take($0, context) }
        }
        for index in state.indices {
            let next = spare[index] ?? state[index]
            spare[index] = state[index]
            state[index] = next
        }
        round += 1
    }

    /// Takes over what a round gives; the carried tensors go to the spare memory, where they fit.
    private mutating func take(_ outputs: [ValueView], _ context: EvaluationContext) throws(OperatorError) {
        guard outputs.count == outputCount else {
            throw .invalidValue("its body gives \(outputs.count) outputs, expected \(outputCount)")
        }
        for index in 0..<loop.carriedCount {
            let view = try Self.dense(outputs[index])
            if let tensor = spare[index], tensor.spec == view.spec {
                tensor.storage.baseAddress.copyMemory(from: view.baseAddress, byteCount: view.spec.byteCount)
            } else {
                spare[index] = try context.tensor(copying: view)
            }
        }
        for index in buffers.indices {
            let place = loop.carriedCount + 2 * index
            try put(try Self.dense(outputs[place + 1]), at: try Self.dense(outputs[place]), index, context)
        }
        runs = try Condition.holds(try context.copy(outputs[outputs.count - 1]))
    }

    private static func dense(_ value: ValueView) throws(OperatorError) -> TensorView {
        guard case .dense(let view) = value else { throw .invalidValue("its body gives \(value.kind), expected a dense tensor") }
        return view
    }

    /// The carried tensors' ends, then the stacked lists.
    func results(_ context: EvaluationContext) throws -> [RuntimeValue] {
        try state.map(RuntimeValue.tensor) + buffers.map { .tensor(try $0.stacked(context)) }
    }
}

extension TensorView {
    /// The only element when it is an integer.
    fileprivate var singleInteger: Int? {
        guard elementCount == 1 else { return nil }
        return switch elementType {
        case .int32: Int(baseAddress.loadUnaligned(as: Int32.self))
        case .int64: Int(baseAddress.loadUnaligned(as: Int64.self))
        default: integers?.first
        }
    }
}

extension EvaluationContext {
    /// A copy of `view` in memory of its own.
    fileprivate func tensor(copying view: TensorView) throws(OperatorError) -> Tensor {
        try makeTensor(view.spec) { $0.copyMemory(from: view.bytes) }
    }
}
