import Synchronization

/// One owner's part of the budget; given back by `release`, at the latest when the last reference goes. Safe from every thread.
///
/// Until `settle` it counts for its estimate or for what is charged, whichever is more; afterwards for what is charged.
package final class Reservation: Sendable {
    enum Phase {
        case loading(estimate: Int)
        case settled
        case released
    }

    private struct Account {
        var phase: Phase
        var charged = 0
        /// What would have been charged with the last charge that was refused.
        var refused: Int?

        /// What the budget counts.
        var counted: Int {
            switch phase {
            case .loading(let estimate): max(estimate, charged)
            case .settled: charged
            case .released: 0
            }
        }

        var isSettled: Bool { if case .settled = phase { true } else { false } }
    }

    private let budget: ResourceBudget
    private let owner: String
    private let account: Mutex<Account>

    init(budget: ResourceBudget, owner: String, phase: Phase) {
        self.budget = budget
        self.owner = owner
        account = Mutex(Account(phase: phase))
    }

    deinit { release() }

    /// Bytes that the owner holds now: charged and not credited.
    package var chargedByteCount: Int { account.withLock { $0.charged } }

    /// Bytes that the owner would hold if the last refused charge had been granted; nil when none was refused.
    var refusedByteCount: Int? { account.withLock { $0.refused } }

    /// Counts memory that the owner is about to take.
    ///
    /// - Returns: nil when it is granted; else the bytes that are available: the charge is refused and nothing has changed.
    ///   After `release` every charge is refused.
    package func charge(_ byteCount: Int) -> Int? {
        account.withLock { account in
            if case .released = account.phase { return 0 }
            let (charged, overflow) = account.charged.addingReportingOverflow(max(0, byteCount))
            var new = account
            new.charged = charged
            // More than a number can hold is more than any budget has.
            if let available = budget.take(overflow ? .max : new.counted - account.counted, isServing: account.isSettled) {
                account.refused = overflow ? .max : charged
                return available + account.counted - account.charged
            }
            account = new
            return nil
        }
    }

    /// Counts memory that the owner has freed; never more than is charged.
    package func credit(_ byteCount: Int) {
        update { $0.charged -= min(max(0, byteCount), $0.charged) }
    }

    /// The load is over: from now on the estimate no longer counts.
    package func settle() {
        update { account in
            if case .loading = account.phase { account.phase = .settled }
        }
    }

    /// Gives everything back, for good.
    package func release() {
        update {
            $0.charged = 0
            $0.phase = .released
        }
    }

    /// The error for a charge that was refused with so many bytes available.
    package func refusal(of byteCount: Int, available: Int) -> ServableError {
        Self.refusal(of: byteCount, to: owner, available: available, limit: budget.byteLimit)
    }

    static func refusal(of byteCount: Int, to owner: String, available: Int, limit: Int?) -> ServableError {
        ServableError(
            .resourceExhausted,
            "\(owner) needs \(byteCount) bytes of memory, \(available) of the budget of \(limit ?? .max) are available; raise the memory "
                + "budget or serve fewer models or versions"
        )
    }

    /// Applies a change that makes what is counted no larger.
    private func update(_ change: (inout Account) -> Void) {
        account.withLock { account in
            let old = account.counted
            change(&account)
            budget.giveBack(old - account.counted)
        }
    }
}
