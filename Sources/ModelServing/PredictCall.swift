package import ServableCore

/// One prediction to make, as every front end asks for it: which inputs, until when, for whom.
package struct PredictCall: Sendable {
    /// In the order of the signature's.
    package var inputs: CallInputs
    /// When the client stops waiting; nil waits as long as it takes.
    package var deadline: ContinuousClock.Instant?
    /// Whose result this is; nil for work that nobody can abandon.
    package var request: (any AbandonableRequest)?

    package init(
        inputs: CallInputs, deadline: ContinuousClock.Instant? = nil, request: (any AbandonableRequest)? = nil
    ) {
        self.inputs = inputs
        self.deadline = deadline
        self.request = request
    }
}

/// Takes the result of one call: exactly one of the two functions is called, once, on any thread.
package protocol PredictReply: Sendable {
    /// The outputs, where the run has left them: they are gone when the function returns.
    func succeed(_ outputs: CallOutputs)
    func fail(_ error: ServableError)
}

/// Runs the calls of one signature.
package protocol SignatureRunning: AnyObject, Sendable {
    /// What is recorded of the signature's calls; nil when nobody listens.
    var meter: (any SignatureMeter)? { get }

    /// Runs the call and gives `reply` the result: before it returns when that is cheaper than another thread, else on a lane.
    ///
    /// - Parameter handle: keeps the version alive until then; nil for a runner that needs nothing kept.
    func run(_ call: PredictCall, handle: ServableHandle?, reply: some PredictReply)
}
