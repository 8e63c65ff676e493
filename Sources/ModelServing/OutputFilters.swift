import GraphIR
import ServableCore
import Synchronization

/// What runs a signature for some of its outputs, by which these are: made on first use, and a bounded number kept.
final class OutputFilters: Sendable {
    fileprivate struct Entry {
        let runner: SignatureRunner
        var lastUse: UInt64
    }

    fileprivate struct State {
        var entries: [[Int]: Entry] = [:]
        var useCount: UInt64 = 0
    }

    /// Beyond so many the one that was not used for the longest time goes, and is made again when it is asked for.
    static let capacity = 16

    private let state = Mutex(State())

    var all: [SignatureRunner] { state.withLock { $0.entries.values.map(\.runner) } }

    /// Which outputs are meant, ascending.
    ///
    /// - Throws: `invalidArgument` in TensorFlow Serving's words.
    static func positions(of names: [String], in signature: Signature) throws(ServableError) -> [Int] {
        var positions: Set<Int> = []
        for name in names {
            guard let position = signature.outputIndex(name) else {
                let known = signature.outputs.map(\.name).sorted().joined(separator: ",")
                throw ServableError(
                    .invalidArgument, "output tensor alias not found in signature: \(name) Outputs expected to be in the set {\(known)}.")
            }
            guard positions.insert(position).inserted else {
                throw ServableError(.invalidArgument, "duplicate output tensor alias: \(name)")
            }
        }
        return positions.sorted()
    }

    /// What runs these outputs, made by `make` when there is none yet.
    func runner(for positions: [Int], make: () throws(ServableError) -> SignatureRunner) throws(ServableError) -> SignatureRunner {
        if let known = state.withLock({ $0.used(positions) }) { return known }
        // Without the lock, as it takes long; of two that are made at once the first one kept is used.
        let made = try make()
        let (runner, dropped) = state.withLock { state in
            if let known = state.used(positions) { return (known, nil as SignatureRunner?) }
            let dropped = state.removeOldest(over: Self.capacity - 1)
            state.entries[positions] = Entry(runner: made, lastUse: state.useCount)
            return (made, dropped)
        }
        dropped?.beginDrain()
        return runner
    }
}

extension OutputFilters.State {
    fileprivate mutating func used(_ positions: [Int]) -> SignatureRunner? {
        useCount += 1
        guard let index = entries.index(forKey: positions) else { return nil }
        entries.values[index].lastUse = useCount
        return entries.values[index].runner
    }

    fileprivate mutating func removeOldest(over limit: Int) -> SignatureRunner? {
        guard entries.count > limit, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key else { return nil }
        return entries.removeValue(forKey: oldest)?.runner
    }
}
