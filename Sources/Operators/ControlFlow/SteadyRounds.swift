import GraphIR
import Tensors

/// Rounds of a body whose carried values are dense tensors that keep their types: each round is one run of one plan, and what it hands
/// on is copied into memory that is taken once.
struct SteadyRounds {
    /// What the rounds have left.
    private(set) var carried: [Tensor]
    /// Where the next round's results go.
    private var spare: [Tensor]
    private let body: any SubgraphRounds
    private let carriedByteCounts: [Int]
    /// Place of the first carried value among the body's inputs and outputs.
    private let firstInput: Int
    private let firstOutput: Int
    private var inputs: [UnsafeRawPointer]

    /// Nil when the carried values do not keep their types, or the body's plan depends on more than types.
    ///
    /// - Parameters:
    ///   - leading: types of the body's inputs before the carried ones; `setInput` gives their contents, as of the `trailing` ones.
    ///   - carried: written to from now on.
    ///   - firstOutput: how many outputs the body has before the carried values.
    init?(
        subgraph: Int, leading: [TensorSpec] = [], carried: [RuntimeValue], trailing: [TensorSpec] = [], firstOutput: Int = 0,
        outputCount: Int, _ context: EvaluationContext
    ) throws {
        var tensors: [Tensor] = []
        for case .tensor(let tensor) in carried { tensors.append(tensor) }
        let specs = tensors.map(\.spec)
        guard tensors.count == carried.count,
            let body = try context.rounds(subgraph: subgraph, inputs: leading + specs + trailing),
            body.outputs.count == outputCount, body.outputs.count >= firstOutput + specs.count,
            body.outputs[firstOutput..<firstOutput + specs.count].elementsEqual(specs)
        else { return nil }
        self.body = body
        self.carried = tensors
        self.firstOutput = firstOutput
        firstInput = leading.count
        carriedByteCounts = specs.map(\.byteCount)
        spare = []
        for spec in specs { spare.append(try context.makeTensor(spec) { $0.initializeMemory(as: UInt8.self, repeating: 0) }) }
        // The address of an input that is not set is never read as it is: the caller sets each before the first round.
        let unset = UnsafeRawPointer(UnsafeMutableRawPointer(bitPattern: TensorStorage.alignment)!)
        inputs = [UnsafeRawPointer](repeating: unset, count: leading.count + specs.count + trailing.count)
        for (index, tensor) in tensors.enumerated() { inputs[firstInput + index] = UnsafeRawPointer(tensor.storage.baseAddress) }
    }

    /// Types of all of the body's outputs.
    var outputs: [TensorSpec] { body.outputs }

    /// Gives input `index` of the body, which must outlive the next rounds.
    mutating func setInput(_ index: Int, _ address: UnsafeRawPointer) { inputs[index] = address }

    /// One round.
    ///
    /// - Parameter take: reads the outputs, which are valid during the call.
    mutating func run<Result>(_ take: (UnsafePointer<UnsafeRawPointer>) throws -> Result) throws -> Result {
        let results = try inputs.withUnsafeBufferPointer { inputs in try body.run(inputs.baseAddress!) }
        let result = try take(results)
        // All results are copied before any beginning is given up: one value's result may be another's beginning.
        for index in carried.indices where !isUnchanged(index, results) {
            spare[index].storage.baseAddress.copyMemory(from: results[firstOutput + index], byteCount: carriedByteCounts[index])
        }
        for index in carried.indices where !isUnchanged(index, results) {
            swap(&carried[index], &spare[index])
            inputs[firstInput + index] = UnsafeRawPointer(carried[index].storage.baseAddress)
        }
        return result
    }

    private func isUnchanged(_ index: Int, _ results: UnsafePointer<UnsafeRawPointer>) -> Bool {
        results[firstOutput + index] == UnsafeRawPointer(carried[index].storage.baseAddress)
    }
}
