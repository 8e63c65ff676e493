import GraphIR
import ModelServing
import ProtobufWire
import ServableCore
import ServingMessages
import Tensors

/// MultiInference: the same examples to several signatures of one version, which the first task names.
///
/// Source: tensorflow_serving/servables/tensorflow/multi_inference.cc.
struct MultiInferenceCall {
    private let environment: CallEnvironment

    init(_ environment: CallEnvironment) { self.environment = environment }

    /// One task, found and checked.
    private struct Task: Sendable {
        let signature: CallableSignature
        let results: ExampleResults
        let method: ExampleMethod
    }

    func answer(_ call: IncomingCall) async throws(ServableError) -> MessageBytes {
        var trace = CallTrace(.other, call, environment)
        do throws(ServableError) {
            let request: TensorFlow.MultiInferenceRequest = try call.message.parse("MultiInferenceRequest")
            trace.note(model: request.tasks.first?.model?.name ?? "")
            let target = try await environment.target(try Self.model(of: request), of: call)
            let tasks = try tasks(of: request, target)
            let examples = try call.message.examples(request.input)
            let tensor = StringTensor(shape: Shape([examples.count]), elements: examples)
            var message = WireAssembly()
            for task in tasks { message.append(try await result(of: task, tensor, call)) }
            let bytes = try MessageBytes(message, limit: environment.configuration.maxResponseBytes)
            trace.finish(.ok)
            return bytes
        } catch {
            trace.finish(error.code)
            throw error
        }
    }

    private static func model(of request: TensorFlow.MultiInferenceRequest) throws(ServableError) -> TensorFlow.ModelSpec? {
        guard let first = request.tasks.first else { throw ServableError(.invalidArgument, "Inference request is empty.") }
        for task in request.tasks {
            guard let model = task.model else { throw ServableError(.invalidArgument, "Missing ModelSpec") }
            guard model.name == first.model?.name else {
                throw ServableError(
                    .invalidArgument, "All ModelSpecs in a MultiInferenceRequest must access the same model name.")
            }
        }
        return first.model
    }

    private func tasks(
        of request: TensorFlow.MultiInferenceRequest, _ target: PredictionTarget
    ) throws(ServableError) -> [Task] {
        var tasks: [Task] = [], names: Set<String> = []
        for task in request.tasks {
            let given = task.model?.signatureName ?? "", name = given.isEmpty ? Signature.defaultName : given
            guard names.insert(name).inserted else {
                throw ServableError(.invalidArgument, "Duplicate evaluation of signature: \(name)")
            }
            let method: ExampleMethod
            switch task.methodName {
            case Signature.classifyMethod: method = .classify
            case Signature.regressMethod: method = .regress
            default: throw ServableError(.unimplemented, "Unsupported signature method_name: \(task.methodName)")
            }
            guard target.signatures.contains(where: { $0.name == name }) else {
                throw ServableError(.invalidArgument, "Requested signature not found in model graph: \(name)")
            }
            let signature = try target.exampleSignature(name)
            if environment.configuration.checksMethodNames { try method.checkName(of: signature) }
            tasks.append(Task(signature: signature, results: try method.results(of: signature), method: method))
        }
        return tasks
    }

    /// results 1 { model_spec 1, classification_result 2 or regression_result 3 }
    private func result(of task: Task, _ examples: StringTensor, _ call: IncomingCall) async throws(ServableError) -> WireWriter {
        var trace = CallTrace(task.method == .classify ? .classify : .regress, call, environment)
        let signature = task.signature, count = examples.elements.count
        trace.note(signature)
        trace.note(exampleCount: count)
        let bytes = try await PendingAnswer.of(signature, CallInputs(.strings(examples)), call, trace) { outputs throws(ServableError) in
            MessageBytes(ExampleResultMessage.writer(try task.results.read(outputs, count: count)).bytes)
        }
        let result = unsafe bytes.withBytes { unsafe Array($0) }
        var message = WireWriter()
        message.message(1) { entry in
            entry.message(
                1, TensorFlow.ModelSpec(name: signature.id.name, version: signature.id.version, signatureName: signature.name).message)
            entry.delimited(task.method == .classify ? 2 : 3, result)
        }
        return message
    }
}
