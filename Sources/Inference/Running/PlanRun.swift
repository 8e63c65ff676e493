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
        for index in 0..<stepCount {
            if let token, token.isStopped { throw .stopped(token.reason ?? .abandoned) }
            do throws(OperatorError) {
                try unsafe steps[index].run(table, base: base)
            } catch {
                throw EngineError.node(name: notes[index].node, operatorName: notes[index].operatorName, error)
            }
        }
        return unsafe base
    }
}
