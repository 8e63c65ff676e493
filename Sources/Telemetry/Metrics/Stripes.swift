import CPlatform
import Synchronization

/// Copies of something that many threads write at once, one a thread, each made when its thread first comes: threads that wrote
/// to the same cache lines would wait for each other. Any thread.
@safe struct Stripes<Stripe: AnyObject & Sendable>: ~Copyable, Sendable {
    /// Each holds a reference once it is set, and is set once.
    private nonisolated(unsafe) let places: UnsafeMutablePointer<Atomic<UnsafeMutableRawPointer?>>
    private static var count: Int { Int(APUS_STRIPE_COUNT) }

    init() {
        unsafe places = .allocate(capacity: Self.count)
        for index in 0..<Self.count { unsafe (places + index).initialize(to: Atomic(nil)) }
    }

    deinit {
        for index in 0..<Self.count {
            if let held = unsafe places[index].load(ordering: .acquiring) { unsafe Unmanaged<Stripe>.fromOpaque(held).release() }
        }
        unsafe places.deinitialize(count: Self.count)
        unsafe places.deallocate()
    }

    /// That of a thread, made by `make` when the thread first comes. It stays as long as this does.
    @inline(__always)
    func stripe(_ index: StripeIndex, _ make: () -> Stripe) -> Unmanaged<Stripe> {
        let held = unsafe places[index.value].load(ordering: .acquiring) ?? insert(make(), at: index.value)
        return unsafe Unmanaged<Stripe>.fromOpaque(held)
    }

    @inline(never)
    private func insert(_ made: Stripe, at index: Int) -> UnsafeMutableRawPointer {
        let held = unsafe Unmanaged.passRetained(made)
        let (isStored, earlier) = unsafe places[index].compareExchange(
            expected: nil, desired: held.toOpaque(), ordering: .acquiringAndReleasing)
        guard !isStored, let earlier = unsafe earlier else { return unsafe held.toOpaque() }
        // A thread that shares the place was first.
        unsafe held.release()
        return unsafe earlier
    }

    /// Those that there are.
    var all: [Stripe] {
        (0..<Self.count).compactMap { index in
            unsafe places[index].load(ordering: .acquiring).map { unsafe Unmanaged<Stripe>.fromOpaque($0).takeUnretainedValue() }
        }
    }
}

/// Which of the stripes is a thread's: found once by a thread that counts several things.
struct StripeIndex: Sendable {
    /// Below the number of stripes.
    let value: Int

    /// The calling thread's.
    static var mine: StripeIndex { StripeIndex(value: Int(apus_stripe())) }
}

/// Fills the rest of a cache line and the next one, which processors fetch with it.
struct CacheLinePadding: Sendable {
    private let words: (Int, Int, Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0, 0, 0)
    private let more: (Int, Int, Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0, 0, 0)
}
