package import Tensors

/// What one thread needs to run plans: an arena and a table of operand addresses, both kept from run to run.
///
/// Each lane owns one, and so does each thread that runs cheap requests itself. Whoever holds a workspace has it alone, hence
/// `@unchecked Sendable`.
@safe package final class Workspace: @unchecked Sendable {
    let arena: Arena
    let progress: RunProgress
    /// Addresses of every operand of the plan that runs; grown to the largest plan.
    private var operands: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>
    /// Filled by every run; nil, as for all that serves, times nothing.
    package var profile: StepProfile?

    /// - Parameters:
    ///   - ledger: counts the arena.
    ///   - progress: counts the steps of all runs.
    package init(ledger: (any MemoryLedger)? = nil, progress: RunProgress = RunProgress()) {
        arena = Arena(ledger: ledger)
        self.progress = progress
        unsafe operands = .allocate(capacity: 64)
    }

    deinit { unsafe operands.deallocate() }

    /// Bytes of the arena.
    package var byteCount: Int { arena.capacity }

    /// Gives the arena's memory back to the system; between runs only.
    package func trim() { arena.trim() }

    /// Memory for the inputs of a run that the caller puts together, popped when `body` returns.
    @unsafe package func withStaging<Result>(
        _ byteCounts: [Int], _ body: ([UnsafeMutableRawPointer]) throws -> Result
    ) throws -> Result {
        let mark = arena.mark
        defer { arena.pop(to: mark) }
        var places = unsafe [UnsafeMutableRawPointer]()
        for byteCount in byteCounts {
            do {
                unsafe places.append(try arena.push(byteCount))
            } catch {
                throw EngineError.memory(what: "the memory for a batch's inputs", error)
            }
        }
        return try unsafe body(places)
    }

    /// Fills the operand table for `plan` with its arena at `base`.
    @unsafe func bind(
        _ plan: Plan, base: UnsafeMutableRawPointer, inputs: UnsafeBufferPointer<UnsafeRawPointer>
    ) -> UnsafePointer<UnsafeMutableRawPointer> {
        if unsafe plan.operands.count > operands.count {
            unsafe operands.deallocate()
            unsafe operands = .allocate(capacity: plan.operands.count * 2)
        }
        let table = unsafe operands.baseAddress.unsafelyUnwrapped
        unsafe plan.bind(table, base: base, inputs: inputs)
        return unsafe UnsafePointer(table)
    }
}
