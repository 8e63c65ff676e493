/// Hears how long a response took from being ready until the system had taken its last byte.
///
/// Called on the connection's loop: it must not block. Not called when the client leaves before.
package protocol WriteObserver: AnyObject, Sendable {
    func wrote(nanoseconds: Int64)
}

/// A response that is watched until it is sent.
package struct WriteWatch: Sendable {
    private let observer: any WriteObserver
    /// When the response was ready.
    private let start: MonotonicInstant

    package init(_ observer: any WriteObserver, since start: MonotonicInstant) {
        self.observer = observer
        self.start = start
    }

    func end(at now: MonotonicInstant) { observer.wrote(nanoseconds: now.nanoseconds - start.nanoseconds) }
}
