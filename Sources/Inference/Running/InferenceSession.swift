import GraphIR
package import Tensors

/// One plan bound to one arena: runs one batch at a time, on one thread at a time, and allocates nothing.
///
/// All addresses are computed when the session is made, except those of inputs, which `bind` sets before each run.
/// Sessions are lent by the plan's pool; whoever holds one has it alone, hence `@unchecked Sendable`.
@safe package final class InferenceSession: @unchecked Sendable {
    /// Owns the pool that owns the session, hence not held: who borrows a session holds the plan meanwhile.
    package unowned let plan: Plan
    private let arena: Arena
    private let operands: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>
    private let calls: [Call]
    /// Positions in `operands` that hold the address of each input.
    private let inputSlots: [[Int]]
    private var inputAddresses: [UnsafeRawPointer]
    /// Each output where it lies; nil for one that is an input.
    private let outputs: [TensorView?]
    /// Memory of the session's own for inputs that are put together from several requests, made on first use.
    private var staging: [TensorStorage?]

    private struct Call {
        let kernel: any Kernel
        let context: KernelContext
    }

    init(plan: Plan) {
        self.plan = plan
        arena = Arena(byteCount: plan.arenaByteCount)
        let count = plan.steps.reduce(0) { $0 + $1.inputs.count + $1.outputs.count }
        unsafe operands = .allocate(capacity: max(count, 1))
        unsafe operands.initialize(repeating: arena.address(at: 0))
        var slots = Array(repeating: [Int](), count: plan.inputs.count)
        var calls: [Call] = []
        calls.reserveCapacity(plan.steps.count)
        var position = 0
        for step in plan.steps {
            let start = position
            for location in step.inputs + step.outputs {
                switch location {
                case .absent: break
                case .constant(let tensor): unsafe operands[position] = unsafe tensor.storage.baseAddress
                case .arena(let offset): unsafe operands[position] = unsafe arena.address(at: offset)
                case .input(let index): slots[index].append(position)
                }
                position += 1
            }
            let context = unsafe KernelContext(
                operands: UnsafePointer(operands.baseAddress! + start), inputCount: step.inputs.count,
                scratch: arena.address(at: step.scratchOffset))
            calls.append(Call(kernel: step.kernel, context: context))
        }
        self.calls = calls
        inputSlots = slots
        unsafe inputAddresses = unsafe Array(repeating: UnsafeRawPointer(arena.address(at: 0)), count: plan.inputs.count)
        staging = Array(repeating: nil, count: plan.inputs.count)
        var outputs: [TensorView?] = []
        for output in plan.outputs {
            switch output.location {
            case .absent: outputs.append(unsafe TensorView(output.spec, arena.address(at: 0)))
            case .arena(let offset): outputs.append(unsafe TensorView(output.spec, arena.address(at: offset)))
            case .constant(let tensor): outputs.append(unsafe TensorView(output.spec, tensor.storage.baseAddress))
            case .input: outputs.append(nil)
            }
        }
        self.outputs = outputs
    }

    deinit { unsafe operands.deallocate() }

    /// Lets the next run read input `index` at `address`, which must stay valid and hold the plan's type until the
    /// outputs have been read.
    @unsafe package func bind(input index: Int, to address: UnsafeRawPointer) {
        unsafe inputAddresses[index] = unsafe address
        for slot in inputSlots[index] { unsafe operands[slot] = unsafe UnsafeMutableRawPointer(mutating: address) }
    }

    /// Memory for input `index` that belongs to the session, bound for the next run, to be filled by the caller.
    package func stage(input index: Int) -> UnsafeMutableRawBufferPointer {
        let byteCount = plan.inputs[index].byteCount
        let storage = staging[index] ?? TensorStorage(byteCount: byteCount)
        staging[index] = storage
        unsafe bind(input: index, to: storage.baseAddress)
        return unsafe UnsafeMutableRawBufferPointer(start: storage.baseAddress, count: byteCount)
    }

    /// Runs every step of the plan over the bound inputs.
    ///
    /// - Throws: `EngineError.node` for contents that an operator refuses; the session stays usable.
    package func run() throws(EngineError) {
        for index in calls.indices {
            do {
                try calls[index].kernel.run(calls[index].context)
            } catch {
                let step = plan.steps[index]
                throw .node(name: step.node, operatorName: step.operatorName, error)
            }
        }
    }

    /// Output `index`, valid until the next run or until the session is given back.
    package func output(_ index: Int) -> TensorView {
        if let output = outputs[index] { return output }
        let output = plan.outputs[index]
        guard case .input(let input) = output.location else { preconditionFailure("an output without a place is an input") }
        return unsafe TensorView(output.spec, inputAddresses[input])
    }

    /// Nanoseconds and outputs of each step in one run, for `apus bench --profile` and `apus inspect`.
    package func profile(_ observe: (Plan.Step, Duration) -> Void) throws(EngineError) {
        let clock = ContinuousClock()
        for index in calls.indices {
            let start = clock.now
            do {
                try calls[index].kernel.run(calls[index].context)
            } catch {
                throw .node(name: plan.steps[index].node, operatorName: plan.steps[index].operatorName, error)
            }
            observe(plan.steps[index], clock.now - start)
        }
    }
}
