package import ServableCore

/// Told of every request that has its answer, but those that the signature's own meter is told of: for metrics and logs.
/// Called on any thread; must not block.
package protocol RequestObserver: Sendable {
    func finished(_ request: FinishedRequest)
}

/// What became of one request to a model.
package struct FinishedRequest: Sendable {
    /// As the request named it or, when it named none, as it was resolved; empty when neither is known.
    package var model: String = ""
    /// Of what answered; nil when nothing was found.
    package var version: Int64?
    package var signature: String?
    /// `predict`, `classify`, `regress`; empty for anything else.
    package var api: StaticString = ""
    package var entrypoint: StaticString = "REST"
    package var status = StatusCode.ok
    /// From the call of the handler, whole body read, to the decision on the answer, in nanoseconds.
    package var nanoseconds: Int64 = 0

    package init() {}
}
