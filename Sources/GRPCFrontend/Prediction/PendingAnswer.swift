import ModelServing
import ServableCore

/// Waits for the result of one call, and makes the response of it where the run has left it.
///
/// Its record is finished once, when the response is ready.
@safe final class PendingAnswer: PredictReply {
    private let continuation: UnsafeContinuation<Result<MessageBytes, ServableError>, Never>
    private let trace: CallTrace
    private let encode: @Sendable (CallOutputs) throws(ServableError) -> MessageBytes

    private init(
        _ continuation: UnsafeContinuation<Result<MessageBytes, ServableError>, Never>, _ trace: CallTrace,
        _ encode: @escaping @Sendable (CallOutputs) throws(ServableError) -> MessageBytes
    ) {
        unsafe self.continuation = continuation
        self.trace = trace
        self.encode = encode
    }

    /// Runs the call.
    ///
    /// - Parameter encode: makes the response; called while the outputs are lent, on whatever thread has run them.
    static func of(
        _ signature: CallableSignature, _ inputs: CallInputs, _ call: IncomingCall, _ trace: CallTrace,
        encode: @escaping @Sendable (CallOutputs) throws(ServableError) -> MessageBytes
    ) async throws(ServableError) -> MessageBytes {
        let result = unsafe await withUnsafeContinuation { continuation in
            // A reply is called once, on one of its two functions.
            let reply = unsafe PendingAnswer(continuation, trace, encode)
            let prediction = PredictCall(
                inputs: inputs, start: call.start, timeout: call.timeout, isTimeoutOfClient: call.isTimeoutOfClient, request: call.token)
            signature.run(prediction, reply: reply)
        }
        return try result.get()
    }

    func succeed(_ outputs: CallOutputs) {
        do throws(ServableError) {
            let message = try encode(outputs)
            trace.finish(.ok, outputs.times)
            unsafe continuation.resume(returning: .success(message))
        } catch {
            fail(error)
        }
    }

    func fail(_ error: ServableError) {
        trace.finish(error.code)
        unsafe continuation.resume(returning: .failure(error))
    }
}
