import GraphIR
import ModelServing
import ServableCore
import ServingMessages

/// `Predict`: one request for the outputs of one signature.
struct PredictMethod: Sendable {
    private let environment: CallEnvironment

    init(_ environment: CallEnvironment) { self.environment = environment }

    func answer(_ call: IncomingCall, _ completion: @escaping CallCompletion) {
        var trace = CallTrace(.predict, call, environment)
        let request: TensorFlow.PredictRequest, spec: TensorFlow.ModelSpec
        do throws(ServableError) {
            request = try call.message.parse("PredictRequest")
            trace.note(model: request.model?.name ?? "")
            spec = try .naming(request.model)
        } catch {
            trace.finish(error.code)
            return completion(.failure(error))
        }
        environment.find(spec.name, spec.selector, of: call) { [self, trace] target in
            run(request, spec, target, call, trace, completion)
        }
    }

    private func run(
        _ request: TensorFlow.PredictRequest, _ spec: TensorFlow.ModelSpec, _ found: Result<PredictionTarget, ServableError>,
        _ call: IncomingCall, _ trace: CallTrace, _ completion: @escaping CallCompletion
    ) {
        var trace = trace
        let signature: CallableSignature, inputs: CallInputs
        do throws(ServableError) {
            (signature, inputs) = try prepare(request, spec, try found.get(), call, &trace)
        } catch {
            trace.finish(error.code)
            return completion(.failure(error))
        }
        let configuration = environment.configuration
        let encode = { @Sendable (outputs: CallOutputs) throws(ServableError) -> MessageBytes in
            try PredictResponseMessage(signature, outputs, configuration).bytes
        }
        PendingAnswer.run(signature, inputs, call, trace, encode: encode, completion)
    }

    private func prepare(
        _ request: TensorFlow.PredictRequest, _ spec: TensorFlow.ModelSpec, _ target: PredictionTarget, _ call: IncomingCall,
        _ trace: inout CallTrace
    ) throws(ServableError) -> (CallableSignature, CallInputs) {
        var signature = try Self.signature(spec.signatureName, of: target)
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
