import Synchronization
import Tensors

/// Verdicts by input types, a bounded number of them, the oldest forgotten first.
final class VerdictCache: Sendable {
    private static let capacity = 128

    private let entries = Mutex<[(specs: [TensorSpec], verdict: RowVerdict)]>([])

    func known(_ specs: [TensorSpec]) -> RowVerdict? {
        entries.withLock { entries in entries.first { $0.specs == specs }?.verdict }
    }

    func insert(_ verdict: RowVerdict, for specs: [TensorSpec]) {
        entries.withLock { entries in
            if entries.count >= Self.capacity { entries.removeFirst() }
            entries.append((specs, verdict))
        }
    }
}
