/// Hears of every try to load a version. Called on any thread; must not block.
package protocol LoadObserver: Sendable {
    func finishedLoad(_ report: LoadReport)
}

/// One try to load a version, after its end.
package struct LoadReport: Sendable {
    package let id: ServableID
    package let path: String
    /// Nil when the version is loaded.
    package let error: ServableError?
    /// From the try's begin to its end, without the wait for a place.
    package let duration: Duration
}
