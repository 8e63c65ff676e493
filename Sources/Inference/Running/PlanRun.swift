import GraphIR
import Tensors

extension Plan {
    /// Runs every step over `inputs` in the workspace's arena; the outputs lie there until the arena is popped.
    ///
    /// - Returns: the address of the plan's arena.
    /// - Throws: `EngineError.node` for contents that an operator refuses, `.stopped` when the token says so, `.memory` when the
    ///   arena cannot be had.
    @unsafe func run(
        over inputs: UnsafeBufferPointer<UnsafeRawPointer>, in workspace: Workspace, token: RunToken?
    ) throws(EngineError) -> UnsafeMutableRawPointer {
        let base: UnsafeMutableRawPointer
        do {
            unsafe base = try unsafe workspace.arena.push(arenaByteCount)
        } catch {
            throw .memory(what: "the memory of a run", error)
        }
        let table = unsafe workspace.bind(self, base: base, inputs: inputs)
        if let profile = workspace.profile {
            try unsafe profile.run(self, table, base: base, token: token, workspace.progress)
        } else {
            try unsafe runSteps(table, base: base, token: token, workspace.progress)
        }
        return unsafe base
    }

    /// Runs every step over `operands`, bound for an arena at `base`.
    ///
    /// - Parameter progress: of the thread that runs.
    @inline(__always)
    @unsafe func runSteps(
        _ operands: UnsafePointer<UnsafeMutableRawPointer>, base: UnsafeMutableRawPointer, token: RunToken?,
        _ progress: RunProgress
    ) throws(EngineError) {
        for index in 0..<stepCount { try unsafe runStep(index, operands, base: base, token: token, progress) }
    }

    @inline(__always)
    @unsafe func runStep(
        _ index: Int, _ operands: UnsafePointer<UnsafeMutableRawPointer>, base: UnsafeMutableRawPointer, token: RunToken?,
        _ progress: RunProgress
    ) throws(EngineError) {
        progress.note()
        if let token, token.isStopped { throw .stopped(token.reason ?? .abandoned) }
        do throws(OperatorError) {
            try unsafe steps[index].run(operands, base: base)
        } catch {
            throw EngineError.node(name: notes[index].node, operatorName: notes[index].operatorName, error)
        }
    }

    /// Fills `table` with the address of each operand in a run whose arena is at `base`.
    @inline(__always)
    @unsafe func bind(
        _ table: UnsafeMutablePointer<UnsafeMutableRawPointer>, base: UnsafeMutableRawPointer,
        inputs: UnsafeBufferPointer<UnsafeRawPointer>
    ) {
        unsafe operands.withUnsafeBufferPointer { places in
            for index in places.indices { unsafe table[index] = places[index].address(base: base, inputs: inputs) }
        }
    }
}
