import GRPCMessages
import GraphIR
import ModelServing
import ProtobufWire
import ServableCore
import ServingMessages

/// `tensorflow.serving.PredictionService`
struct PredictionMethods: Sendable {
    static let service = "tensorflow.serving.PredictionService"

    let environment: CallEnvironment

    init(_ environment: CallEnvironment) { self.environment = environment }

    func register(in table: inout MethodTable) {
        table.addUnary(Self.service, "Predict") { call throws(ServableError) in try await predict(call) }
        table.addUnary(Self.service, "Classify") { call throws(ServableError) in try await ExamplesCall(environment, .classify).answer(call)
        }
        table.addUnary(Self.service, "Regress") { call throws(ServableError) in try await ExamplesCall(environment, .regress).answer(call) }
        table.addUnary(Self.service, "MultiInference") { call throws(ServableError) in
            try await MultiInferenceCall(environment).answer(call)
        }
        table.addUnary(Self.service, "GetModelMetadata", Tensorflow_Serving_GetModelMetadataRequest.self) {
            request, call throws(ServableError) in
            try await ModelMetadataCall(environment).answer(request, call)
        }
    }

    private func predict(_ call: IncomingCall) async throws(ServableError) -> MessageBytes {
        var trace = CallTrace(.predict, call, environment)
        let signature: CallableSignature, inputs: CallInputs
        do throws(ServableError) {
            (signature, inputs) = try await prepare(call, &trace)
        } catch {
            trace.finish(error.code)
            throw error
        }
        let configuration = environment.configuration
        return try await PendingAnswer.of(signature, inputs, call, trace) { outputs throws(ServableError) in
            try PredictResponseMessage(signature, outputs, configuration).bytes
        }
    }

    private func prepare(
        _ call: IncomingCall, _ trace: inout CallTrace
    ) async throws(ServableError) -> (CallableSignature, CallInputs) {
        let request: TensorFlow.PredictRequest = try call.message.parse("PredictRequest")
        trace.note(model: request.model?.name ?? "")
        let target = try await environment.target(request.model, of: call)
        var signature = try Self.signature(request.model?.signatureName ?? "", of: target)
        trace.note(signature)
        if environment.configuration.checksMethodNames { try Self.checkMethodName(of: signature) }
        let reader = PredictInputs(signature), limit = environment.configuration.maxRequestBytes
        let inputs = try unsafe call.message.withBytesThrowing { bytes throws(ServableError) in
            try unsafe reader.read(request.inputs, in: bytes, byteLimit: limit)
        }
        if !request.outputFilter.isEmpty { signature = try signature.filtered(outputs: request.outputFilter) }
        return (signature, inputs)
    }

    /// TensorFlow Serving's gRPC says otherwise than its REST what it does not find.
    private static func signature(_ name: String, of target: PredictionTarget) throws(ServableError) -> CallableSignature {
        do throws(ServableError) {
            return try target.signature(name)
        } catch {
            throw ServableError(
                .failedPrecondition, "Serving signature key \"\(name.isEmpty ? Signature.defaultName : name)\" not found.")
        }
    }

    /// Every kind of signature may be called by its tensors.
    private static func checkMethodName(of signature: CallableSignature) throws(ServableError) {
        let known = [Signature.predictMethod, Signature.classifyMethod, Signature.regressMethod]
        guard known.contains(signature.methodName) else {
            throw ServableError(
                .internal,
                "Expected prediction signature method_name to be one of {\(known.joined(separator: ", "))}. Was: \(signature.methodName)")
        }
    }
}

extension MessageBytes {
    /// The message as ServingMessages reads it: where its tensors lie, and all else.
    func parse<Message: WireMessage>(_ name: String) throws(ServableError) -> Message {
        let result: Result<Message, WireError> = unsafe withBytes { bytes in
            var reader = unsafe WireReader(bytes)
            do throws(WireError) { return .success(try Message(from: &reader)) } catch { return .failure(error) }
        }
        do throws(WireError) { return try result.get() } catch { throw .unreadable(name, "\(error)") }
    }

    func withBytesThrowing<Result>(
        _ body: (UnsafeRawBufferPointer) throws(ServableError) -> Result
    ) throws(ServableError) -> Result {
        let result: Swift.Result<Result, ServableError> = unsafe withBytes { bytes in
            do throws(ServableError) { return .success(try unsafe body(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
