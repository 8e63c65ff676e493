import Synchronization

/// Numbers for requests that share a batch with nobody.
enum AloneCounter {
    private static let last = Atomic<UInt64>(0)

    static func next() -> UInt64 { last.wrappingAdd(1, ordering: .relaxed).newValue }
}
