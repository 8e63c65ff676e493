import GRPCMessages
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
        table.addDirect(Self.service, "Predict") { PredictMethod(environment).answer($0, $1) }
        for (name, method) in [("Classify", ExampleMethod.classify), ("Regress", .regress)] {
            table.addUnary(Self.service, name) { call throws(ServableError) in try await ExamplesCall(environment, method).answer(call) }
        }
        table.addUnary(Self.service, "MultiInference") { call throws(ServableError) in
            try await MultiInferenceCall(environment).answer(call)
        }
        table.addUnary(Self.service, "GetModelMetadata", Tensorflow_Serving_GetModelMetadataRequest.self) {
            request, call throws(ServableError) in
            try await ModelMetadataCall(environment).answer(request, call)
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
