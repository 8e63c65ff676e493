import ModelServing
import ProtobufWire
import ServableCore
import ServingMessages
import Tensors

/// Classify and Regress: examples go to the model as they came, which parses them.
struct ExamplesCall {
    private let environment: CallEnvironment
    private let method: ExampleMethod

    init(_ environment: CallEnvironment, _ method: ExampleMethod) {
        self.environment = environment
        self.method = method
    }

    func answer(_ call: IncomingCall) async throws(ServableError) -> MessageBytes {
        var trace = CallTrace(method == .classify ? .classify : .regress, call, environment)
        let signature: CallableSignature, results: ExampleResults, examples: [[UInt8]]
        do throws(ServableError) {
            let request: TensorFlow.ExamplesRequest = try call.message.parse(
                method == .classify ? "ClassificationRequest" : "RegressionRequest")
            trace.note(model: request.model?.name ?? "")
            let target = try await environment.target(request.model, of: call)
            signature = try target.exampleSignature(request.model?.signatureName)
            trace.note(signature)
            if environment.configuration.checksMethodNames { try method.checkName(of: signature) }
            results = try method.results(of: signature)
            examples = try call.message.examples(request.input)
            trace.note(exampleCount: examples.count)
        } catch {
            trace.finish(error.code)
            throw error
        }
        let count = examples.count, limit = environment.configuration.maxResponseBytes
        let inputs = CallInputs(.strings(StringTensor(shape: Shape([count]), elements: examples)))
        return try await PendingAnswer.of(signature, inputs, call, trace) { outputs throws(ServableError) in
            var message = WireWriter()
            message.message(1, ExampleResultMessage.writer(try results.read(outputs, count: count)))
            message.message(
                2, TensorFlow.ModelSpec(name: signature.id.name, version: signature.id.version, signatureName: signature.name).message)
            var whole = WireAssembly()
            whole.append(message)
            return try MessageBytes(whole, limit: limit)
        }
    }
}

extension MessageBytes {
    /// The examples of a request that was read from this message.
    ///
    /// - Throws: `invalidArgument` when there are none.
    func examples(_ input: TensorFlow.Input?) throws(ServableError) -> [[UInt8]] {
        let examples = unsafe withBytes { unsafe input?.examples(in: $0) ?? [] }
        guard !examples.isEmpty else { throw ServableError(.invalidArgument, "Input is empty.") }
        return examples
    }
}

/// `ClassificationResult` and `RegressionResult`.
enum ExampleResultMessage {
    static func writer(_ answer: ExampleAnswer) -> WireWriter {
        switch answer {
        case .classes(let classes): writer(classes)
        case .values(let values): writer(values)
        }
    }

    /// classifications 1 { classes 1 { label 1, score 2 } }
    private static func writer(_ classes: ExampleClasses) -> WireWriter {
        var result = WireWriter()
        for example in 0..<classes.exampleCount {
            result.message(1) { classifications in
                for place in example * classes.classCount..<(example + 1) * classes.classCount {
                    classifications.message(1) { entry in
                        if let labels = classes.labels { entry.delimited(1, labels[place]) }
                        if let scores = classes.scores, scores[place].bitPattern != 0 { entry.float(2, scores[place]) }
                    }
                }
            }
        }
        return result
    }

    /// regressions 1 { value 1 }
    private static func writer(_ values: [Float]) -> WireWriter {
        var result = WireWriter()
        for value in values { result.message(1) { if value.bitPattern != 0 { $0.float(1, value) } } }
        return result
    }
}
