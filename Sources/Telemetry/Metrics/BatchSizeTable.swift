import Synchronization

/// Runs by their number of rows: how many there were and how long their parts took, in nanoseconds.
///
/// Each thread counts in a table of its own. Sizes beyond the first so many are not listed, so that clients cannot fill memory by batches of
/// ever new sizes.
final class BatchSizeTable: Sendable {
    private struct Table {
        var entries: [BatchSizeCount] = []
        /// Where the last size was found: mostly the next one is the same.
        var last = 0

        /// The place of a size, made if there is room.
        mutating func place(of size: Int) -> Int? {
            if last < entries.count, entries[last].size == size { return last }
            guard let found = entries.firstIndex(where: { $0.size == size }) else {
                guard entries.count < BatchSizeTable.sizeLimit else { return nil }
                entries.append(BatchSizeCount(size: size))
                last = entries.count - 1
                return last
            }
            last = found
            return found
        }
    }

    private final class Stripe: Sendable {
        let table = Mutex(Table())
    }

    private static let sizeLimit = 256
    private let stripes = Stripes<Stripe>()

    func countRun(ofSize size: Int, assembly: Int64, run: Int64, on stripe: StripeIndex) {
        change(size, on: stripe) { entry in
            entry.runCount &+= 1
            entry.assemblyNanoseconds &+= assembly
            entry.runNanoseconds &+= run
        }
    }

    /// A call of a batch of that size has its response.
    func countEncoding(ofSize size: Int, _ nanoseconds: Int64, on stripe: StripeIndex) {
        change(size, on: stripe) { $0.encodeNanoseconds &+= nanoseconds }
    }

    /// Ascending by size.
    var counts: [BatchSizeCount] {
        var sums: [Int: BatchSizeCount] = [:]
        for stripe in stripes.all {
            for entry in stripe.table.withLock({ $0.entries }) { sums[entry.size, default: BatchSizeCount(size: entry.size)].add(entry) }
        }
        return sums.values.sorted { $0.size < $1.size }
    }

    @inline(__always)
    private func change(_ size: Int, on stripe: StripeIndex, _ body: (inout BatchSizeCount) -> Void) {
        stripes.stripe(stripe) { Stripe() }._withUnsafeGuaranteedRef { stripe in
            stripe.table.withLock { table in
                if let place = table.place(of: size) { body(&table.entries[place]) }
            }
        }
    }
}

/// What is counted of the runs of one number of rows; durations are sums in nanoseconds.
package struct BatchSizeCount: Sendable, Equatable {
    /// Rows of the calls, without padding.
    package let size: Int
    package internal(set) var runCount: Int64 = 0
    package internal(set) var assemblyNanoseconds: Int64 = 0
    package internal(set) var runNanoseconds: Int64 = 0
    package internal(set) var encodeNanoseconds: Int64 = 0

    mutating func add(_ other: BatchSizeCount) {
        runCount &+= other.runCount
        assemblyNanoseconds &+= other.assemblyNanoseconds
        runNanoseconds &+= other.runNanoseconds
        encodeNanoseconds &+= other.encodeNanoseconds
    }
}
