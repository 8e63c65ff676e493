import GRPCCore
import ProtobufWire
import ServableCore

/// ModelStreamInfer: each request of the stream has one response, in their order; a request that is wrong does not end the stream.
struct InferStream {
    private let environment: CallEnvironment

    init(_ environment: CallEnvironment) { self.environment = environment }

    func serve(_ request: StreamingServerRequest<MessageBytes>, _ stream: StreamContext) async throws {
        for try await message in request.messages {
            // The time that a client gives a stream is the stream's, not one request's.
            let call = IncomingCall(
                message, timeout: nil, limit: environment.configuration.requestTimeout, cancellation: stream.context.cancellation,
                environment.drain)
            try await stream.write(await response(to: call))
        }
    }

    /// ModelStreamInferResponse: error_message 1, infer_response 2 (id 3).
    private func response(to call: IncomingCall) async -> MessageBytes {
        var id = ""
        do throws(ServableError) {
            let request: InferMessages.Request = try call.message.parse("ModelInferRequest")
            id = request.id
            let response = try await awaitingCompletion { InferCall(environment, isOfStream: true).answer(request, call, $0) }
            var head = WireWriter()
            head.delimitedHead(2, byteCount: response.count)
            let bytes = head.bytes
            return unsafe response.withBytes { content in
                unsafe MessageBytes(count: bytes.count + content.count) { target in
                    unsafe target.copyBytes(from: bytes)
                    unsafe UnsafeMutableRawBufferPointer(rebasing: target[bytes.count...]).copyMemory(from: content)
                }
            }
        } catch {
            var message = WireWriter()
            message.string(1, error.ofCall(call.token).message)
            message.message(2) { if !id.isEmpty { $0.string(3, id) } }
            return MessageBytes(message.bytes)
        }
    }
}
