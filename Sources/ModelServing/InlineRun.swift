import CPlatform
import GraphIR
import Inference
import Synchronization
import Tensors

/// Workspaces for threads that run cheap calls themselves: as many as such runs were ever under way at once, each small.
///
/// A thread gets the one it had before, which is in its processor's cache.
final class WorkspacePool: Sendable {
    private final class Stripe: Sendable {
        let idle = Mutex<[Workspace]>([])
    }

    private let stripes = (0..<APUS_STRIPE_COUNT).map { _ in Stripe() }
    private let ledger: (any MemoryLedger)?

    /// - Parameter ledger: counts the workspaces' arenas.
    init(ledger: (any MemoryLedger)? = nil) { self.ledger = ledger }

    /// Lends a workspace to the calling thread, which gives it back.
    func take() -> Workspace { stripes[Int(apus_stripe())].idle.withLock { $0.popLast() } ?? Workspace(ledger: ledger) }
    func give(_ workspace: Workspace) { stripes[Int(apus_stripe())].idle.withLock { $0.append(workspace) } }
}

/// When a call is run on the thread that brings it: when its run costs less than the way to a lane.
struct InlineRule: Sendable {
    /// A plan that needs more memory is left to the lanes, which have it.
    private static let maximumArenaBytes = 256 << 10

    /// Rows up to which a call is cheap enough; 0 when none is.
    let rowLimit: Int

    init(rowLimit: Int) { self.rowLimit = rowLimit }

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
