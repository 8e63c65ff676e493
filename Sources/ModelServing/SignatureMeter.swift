package import ServableCore

/// Hears of the runs and answers of one signature of one version, for metrics. Called on any thread; must not block.
package protocol SignatureMeter: AnyObject, Sendable {
    /// A batch has run.
    func ran(rowCount: Int, nanoseconds: Int64)
    /// A prediction has been answered over REST, well, this long after its request was there.
    func answeredREST(nanoseconds: Int64)
}

/// Makes the meters when versions are loaded, so that requests look nothing up.
package protocol InferenceObserver: Sendable {
    func meter(of id: ServableID, signature: String) -> any SignatureMeter
}
