import ModelServing
import ServableCore

/// What takes the response to a call, or why there is none: called once, on any thread.
typealias CallCompletion = @Sendable (Result<MessageBytes, ServableError>) -> Void

/// Takes the result of one call, and makes the response of it where the run has left it.
///
/// Its record is finished once, when the response is ready.
final class PendingAnswer: PredictReply {
    private let trace: CallTrace
    private let encode: @Sendable (CallOutputs) throws(ServableError) -> MessageBytes
    private let completion: CallCompletion

    private init(
        _ trace: CallTrace, _ encode: @escaping @Sendable (CallOutputs) throws(ServableError) -> MessageBytes,
        _ completion: @escaping CallCompletion
    ) {
        self.trace = trace
        self.encode = encode
        self.completion = completion
    }

    /// Runs the call.
    ///
    /// - Parameter encode: makes the response; called while the outputs are lent, on whatever thread has run them.
    static func run(
        _ signature: CallableSignature, _ inputs: CallInputs, _ call: IncomingCall, _ trace: CallTrace,
        encode: @escaping @Sendable (CallOutputs) throws(ServableError) -> MessageBytes, _ completion: @escaping CallCompletion
    ) {
        let prediction = PredictCall(
            inputs: inputs, start: call.start, timeout: call.timeout, isTimeoutOfClient: call.isTimeoutOfClient, request: call.token)
        signature.run(prediction, reply: PendingAnswer(trace, encode, completion))
    }

    /// The same for a caller that waits.
    static func of(
        _ signature: CallableSignature, _ inputs: CallInputs, _ call: IncomingCall, _ trace: CallTrace,
        encode: @escaping @Sendable (CallOutputs) throws(ServableError) -> MessageBytes
    ) async throws(ServableError) -> MessageBytes {
        try await awaitingCompletion { run(signature, inputs, call, trace, encode: encode, $0) }
    }

    func succeed(_ outputs: CallOutputs) {
        do throws(ServableError) {
            let message = try encode(outputs)
            trace.finish(.ok, outputs.times)
            completion(.success(message))
        } catch {
            fail(error)
        }
    }

    func fail(_ error: ServableError) {
        trace.finish(error.code)
        completion(.failure(error))
    }
}

/// Waits for what `start` gives its completion, which it calls once.
func awaitingCompletion(_ start: (@escaping CallCompletion) -> Void) async throws(ServableError) -> MessageBytes {
    try await withCheckedContinuation { continuation in start { continuation.resume(returning: $0) } }.get()
}
