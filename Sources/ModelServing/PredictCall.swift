import CPlatform
package import GraphIR
package import ServableCore

/// One prediction to make, as every front end asks for it: which inputs, until when, for whom. It is run once, hence noncopyable.
package struct PredictCall: ~Copyable, Sendable {
    /// In the order of the signature's; see `CallInputs`.
    package var inputs: CallInputs
    /// When the request was there, in nanoseconds of the monotonic clock.
    package var start: Int64
    /// From `start` to when the client stops waiting; nil waits as long as it takes.
    package var timeout: Duration?
    /// Whether the client has chosen the timeout, and so knows of it; otherwise it is the server's.
    package var isTimeoutOfClient: Bool
    package var priority: CallPriority
    /// Whose result this is; nil for work that nobody can abandon.
    package var request: (any AbandonableRequest)?

    package init(
        inputs: consuming CallInputs, start: Int64, timeout: Duration? = nil, isTimeoutOfClient: Bool = false,
        priority: CallPriority = .high, request: consuming (any AbandonableRequest)? = nil
    ) {
        self.inputs = inputs
        self.start = start
        self.timeout = timeout
        self.isTimeoutOfClient = isTimeoutOfClient
        self.priority = priority
        self.request = request
    }

    /// When the client stops waiting.
    var deadline: ContinuousClock.Instant? {
        timeout.map { .now + $0 - .nanoseconds(apus_monotonic_nanoseconds() - start) }
    }
}

/// Which calls go first where they wait.
package enum CallPriority: Int, Sendable, CaseIterable {
    case high
    /// Runs when nothing of high priority waits for a lane, of whatever model, and in a turn of nine otherwise.
    case low
}

/// Takes the result of one call: exactly one of the two functions is called, once, on any thread.
package protocol PredictReply: AnyObject, Sendable {
    /// The outputs, where the run has left them: they are gone when the function returns.
    func succeed(_ outputs: CallOutputs)
    func fail(_ error: ServableError)
}

/// Runs the calls of one signature.
package protocol SignatureRunning: AnyObject, Sendable {
    var id: ServableID { get }
    var name: String { get }
    /// What the signature is made for, as the model says: `tensorflow/serving/predict`.
    var methodName: String { get }
    var inputs: [Signature.Parameter] { get }
    /// Everything that a call may give: the inputs, then the constants that it may replace; see `Signature.overridables`.
    var accepted: [Signature.Parameter] { get }
    var outputs: [Signature.Parameter] { get }
    /// What is recorded of the signature's calls; nil when nobody listens.
    var meter: (any SignatureMeter)? { get }
    /// What is told when responses have been sent; nil when nobody listens.
    var writeMeter: WriteMeter? { get }

    /// What runs the signature for these of its outputs alone, and computes no others.
    ///
    /// - Throws: `invalidArgument` for names that are not the signature's, or that are given twice.
    func filtered(outputs names: [String]) throws(ServableError) -> any SignatureRunning
    /// Whether it was made by `filtered`.
    var isFiltered: Bool { get }

    /// Runs the call and gives `reply` the result: before it returns when that is cheaper than another thread, else on a lane.
    ///
    /// - Parameter handle: keeps the version alive until then; nil for a runner that needs nothing kept.
    func run(_ call: consuming PredictCall, handle: ServableHandle?, reply: any PredictReply)
}

extension SignatureRunning {
    package var accepted: [Signature.Parameter] { inputs }
    package var writeMeter: WriteMeter? { nil }
    package var methodName: String { Signature.predictMethod }
}
