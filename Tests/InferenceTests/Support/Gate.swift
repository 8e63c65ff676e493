import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Holds threads until it is opened.
final class Gate: Sendable {
    private let isOpen = Atomic(false)

    func open() { isOpen.store(true, ordering: .releasing) }

    /// - Returns: false when it was not opened for so long that it never will be.
    @discardableResult func wait() -> Bool { waitUntil { self.isOpen.load(ordering: .acquiring) } }
}

/// Looks at `condition` until it holds; false when it does not for half a minute, which fails a test instead of hanging it.
func waitUntil(_ condition: () -> Bool) -> Bool {
    let end = ContinuousClock.now + .seconds(30)
    while !condition() {
        guard ContinuousClock.now < end else { return false }
        usleep(500)
    }
    return true
}
