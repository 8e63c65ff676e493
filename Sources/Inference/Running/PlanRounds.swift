import GraphIR
import Tensors

/// A plan that runs again and again in the same memory: the part of its arena is taken once, and its operands are bound in tables of
/// its own.
///
/// The memory is the arena's above the mark that was set before; whoever set it pops it when this is used no more. The plan runs no
/// subgraphs, so nothing else is pushed meanwhile.
@safe final class PlanRounds: SubgraphRounds {
    let outputs: [TensorSpec]
    private let plan: Plan
    private let base: UnsafeMutableRawPointer
    private let token: RunToken?
    private let profile: StepProfile?
    private let progress: RunProgress
    /// Addresses of the plan's inputs: those of each run, then what is captured.
    private let inputs: UnsafeMutableBufferPointer<UnsafeRawPointer>
    private let inputCount: Int
    private let operands: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private let results: UnsafeMutablePointer<UnsafeRawPointer>

    /// - Parameter captured: the last inputs, the same in every run; they outlive this.
    init(_ plan: Plan, captured: [TensorView], in scope: RunScope) throws(EngineError) {
        self.plan = plan
        token = scope.token
        profile = scope.workspace.profile
        progress = scope.workspace.progress
        outputs = plan.outputs.map(\.spec)
        do {
            unsafe base = try unsafe scope.workspace.arena.push(plan.arenaByteCount)
        } catch {
            throw .memory(what: "the memory of a loop's rounds", error)
        }
        inputCount = plan.inputs.count - captured.count
        unsafe inputs = .allocate(capacity: plan.inputs.count)
        // Those of a run are not known yet: any address stands for them.
        unsafe inputs.initialize(repeating: UnsafeRawPointer(base))
        for (index, view) in captured.enumerated() { unsafe inputs[inputCount + index] = view.baseAddress }
        unsafe operands = .allocate(capacity: plan.operands.count)
        unsafe results = .allocate(capacity: plan.outputs.count)
        unsafe results.initialize(repeating: UnsafeRawPointer(base), count: plan.outputs.count)
        unsafe plan.bind(operands, base: base, inputs: UnsafeBufferPointer(inputs))
    }

    deinit {
        unsafe inputs.deallocate()
        unsafe operands.deallocate()
        unsafe results.deallocate()
    }

    func run(_ inputs: UnsafePointer<UnsafeRawPointer>) throws -> UnsafePointer<UnsafeRawPointer> {
        for index in 0..<inputCount { unsafe self.inputs[index] = unsafe inputs[index] }
        let bound = unsafe UnsafeBufferPointer(self.inputs)
        unsafe plan.bind(operands, base: base, inputs: bound)
        if let profile {
            try unsafe profile.run(plan, operands, base: base, token: token, progress)
        } else {
            try unsafe plan.runSteps(operands, base: base, token: token, progress)
        }
        for index in outputs.indices {
            unsafe results[index] = unsafe UnsafeRawPointer(plan.outputs[index].operand.address(base: base, inputs: bound))
        }
        return unsafe UnsafePointer(results)
    }
}
