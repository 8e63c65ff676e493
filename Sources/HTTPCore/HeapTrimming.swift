import CPlatform
import Dispatch
import Synchronization

/// Gives memory that the allocator holds free back to the system: it takes milliseconds, so off the loops and at most once a second.
enum HeapTrimming {
    private static let queue = DispatchQueue(label: "apus.http.heap", qos: .utility)
    private static let isPending = Atomic(false)

    static func beginSoon() {
        guard !isPending.exchange(true, ordering: .acquiringAndReleasing) else { return }
        queue.asyncAfter(deadline: .now() + .seconds(1)) {
            isPending.store(false, ordering: .releasing)
            apus_trim_heap()
        }
    }
}
