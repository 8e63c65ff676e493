import ModelServing
import OpenInference
import ProtobufWire
import ServableCore
import Tensors

/// ModelInfer: one request for the outputs of one version.
struct InferCall {
    private let environment: CallEnvironment
    /// Whether the response is one message of a stream, which says that no other follows for the request.
    private let isOfStream: Bool

    init(_ environment: CallEnvironment, isOfStream: Bool = false) {
        self.environment = environment
        self.isOfStream = isOfStream
    }

    /// What is known of a request when it is to be run.
    private struct Prepared: Sendable {
        let signature: CallableSignature
        let inputs: CallInputs
        let selection: OutputSelection
        let id: String
        let timeout: Duration?
    }

    func answer(_ request: InferMessages.Request, _ call: IncomingCall, _ completion: @escaping CallCompletion) {
        var trace = CallTrace(.predict, call, environment)
        trace.note(model: request.modelName)
        let selector: VersionSelector
        do throws(ServableError) {
            guard !request.modelName.isEmpty else { throw ServableError(.invalidArgument, "the request has no model_name") }
            selector = try OpenInferenceService.selector(request.modelVersion)
        } catch {
            trace.finish(error.code)
            return completion(.failure(error))
        }
        environment.find(request.modelName, selector, of: call) { [self, trace] target in
            run(request, target, call, trace, completion)
        }
    }

    private func run(
        _ request: InferMessages.Request, _ found: Result<PredictionTarget, ServableError>, _ call: IncomingCall, _ trace: CallTrace,
        _ completion: @escaping CallCompletion
    ) {
        var trace = trace
        let prepared: Prepared
        do throws(ServableError) {
            prepared = try prepare(request, try found.get(), call, &trace)
        } catch {
            trace.finish(error.code)
            return completion(.failure(error))
        }
        let limit = environment.configuration.maxResponseBytes, isOfStream = isOfStream
        var limited = call
        limited.limit(to: prepared.timeout)
        let encode = { @Sendable (results: CallOutputs) throws(ServableError) -> MessageBytes in
            let outputs = try prepared.selection.outputs(prepared.signature, results)
            return try InferResponseMessage(prepared.signature.id, id: prepared.id, outputs, isFinal: isOfStream, limit: limit).bytes
        }
        PendingAnswer.run(prepared.signature, prepared.inputs, limited, trace, encode: encode, completion)
    }

    private func prepare(
        _ request: InferMessages.Request, _ target: PredictionTarget, _ call: IncomingCall, _ trace: inout CallTrace
    ) throws(ServableError) -> Prepared {
        var signature = try target.inferenceSignature()
        trace.note(signature)
        var parameters = RequestParameters()
        for entry in request.parameters { try parameters.note(entry.name, entry.knownValue) }
        let inputs = try inputs(request, signature, call)
        let selection = try OutputSelection(Self.wishes(request.outputs), of: signature, isBinary: true)
        if !selection.names.isEmpty { signature = try signature.filtered(outputs: selection.names) }
        return Prepared(signature: signature, inputs: inputs, selection: selection, id: request.id, timeout: parameters.timeout)
    }

    private static func wishes(_ outputs: [InferMessages.Output]) throws(ServableError) -> [RequestedOutput] {
        var wishes: [RequestedOutput] = []
        for output in outputs {
            var wish = RequestedOutput(output.name)
            for entry in output.parameters { try wish.note(entry.name, entry.knownValue) }
            wishes.append(wish)
        }
        return wishes
    }

    // MARK: Inputs

    private func inputs(
        _ request: InferMessages.Request, _ signature: borrowing CallableSignature, _ call: IncomingCall
    ) throws(ServableError) -> CallInputs {
        let isRaw = !request.rawContents.isEmpty
        if isRaw { try Self.checkRaw(request) }
        var set = InputSet(signature)
        for (index, input) in request.inputs.enumerated() {
            var parameters = InputParameters()
            for entry in input.parameters { try parameters.note(entry.name, entry.knownValue) }
            let place = try set.admit(input.name, datatype: input.datatype, shape: try Self.shape(input))
            let raw = isRaw ? request.rawContents[index] : nil
            let value = try unsafe call.message.withBytesThrowing { bytes throws(ServableError) in
                try unsafe Self.value(input, raw, place, bytes)
            }
            set.fill(place, value)
        }
        return try set.callInputs()
    }

    private static func checkRaw(_ request: InferMessages.Request) throws(ServableError) {
        guard request.rawContents.count == request.inputs.count else {
            throw ServableError(
                .invalidArgument,
                "raw_input_contents has \(request.rawContents.count) entries for \(request.inputs.count) inputs; expected one for each, in their order"
            )
        }
        if let mixed = request.inputs.first(where: { $0.contents != nil }) {
            throw ServableError(
                .invalidArgument,
                "input \"\(mixed.name)\" has contents beside raw_input_contents; send every input in one of the two")
        }
    }

    private static func shape(_ input: InferMessages.Input) throws(ServableError) -> [UInt64] {
        var shape: [UInt64] = []
        for extent in input.shape {
            guard let extent = UInt64(exactly: extent) else {
                throw ServableError(.invalidArgument, "input \"\(input.name)\" has the extent \(extent) in its shape; expected 0 or more")
            }
            shape.append(extent)
        }
        return shape
    }

    private static func value(
        _ input: InferMessages.Input, _ raw: Range<Int>?, _ place: InputSet.Place, _ bytes: UnsafeRawBufferPointer
    ) throws(ServableError) -> TensorValue {
        if let raw { return try unsafe TensorBytes.read(UnsafeRawBufferPointer(rebasing: bytes[raw]), place.spec, input: place.name) }
        guard let contents = input.contents else {
            throw ServableError(
                .invalidArgument, "input \"\(input.name)\" has no data; fill raw_input_contents, or the contents of its datatype")
        }
        return try unsafe contents.tensor(place.spec, input: place.name, in: bytes)
    }
}

extension InferMessages.ParameterEntry {
    /// - Throws: `invalidArgument` for a parameter without a value.
    var knownValue: ParameterValue {
        get throws(ServableError) {
            guard let value else { throw ServableError(.invalidArgument, "the parameter \"\(name)\" has no value") }
            return value
        }
    }
}
