import GraphIR
import Inference
import Synchronization
import Tensors

/// Workspaces for threads that run cheap calls themselves: as many as such runs were ever under way at once, each small.
final class WorkspacePool: Sendable {
    private let idle = Mutex<[Workspace]>([])
    private let ledger: (any MemoryLedger)?

    /// - Parameter ledger: counts the workspaces' arenas.
    init(ledger: (any MemoryLedger)? = nil) { self.ledger = ledger }

    /// Lends a workspace to `body`.
    func with<Result>(_ body: (Workspace) throws -> Result) rethrows -> Result {
        let workspace = idle.withLock { $0.popLast() } ?? Workspace(ledger: ledger)
        defer { idle.withLock { $0.append(workspace) } }
        return try body(workspace)
    }
}

/// When a call is run on the thread that brings it: when its run costs less than the way to a lane.
struct InlineRule: Sendable {
    /// A plan that needs more memory is left to the lanes, which have it.
    private static let maximumArenaBytes = 256 << 10

    /// Rows up to which a call is cheap enough; 0 when none is.
    let rowLimit: Int

    /// - Parameters:
    ///   - rowCost: measured time of a run of one row; nil when it is not known or differs from call to call.
    ///   - budget: what may run on the caller's thread.
    init(rowCost: Duration?, budget: Duration) {
        rowLimit = rowCost.map { Int(min(budget / max($0, .nanoseconds(1)), 1e9)) } ?? 0
    }

    func admits(rowCount: Int, _ plan: Plan) -> Bool {
        rowCount > 0 && rowCount <= rowLimit && plan.arenaByteCount <= Self.maximumArenaBytes
    }
}
