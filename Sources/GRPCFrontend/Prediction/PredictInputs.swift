import GraphIR
import ModelServing
import ServableCore
import ServingMessages
import Tensors

/// The inputs of a `PredictRequest`, held against the signature's names in TensorFlow Serving's order and words.
///
/// Source: tensorflow_serving/servables/tensorflow/predict_util.cc.
struct PredictInputs {
    private let parameters: [Signature.Parameter]
    /// How many of the parameters are inputs; the others are constants that a request may replace.
    private let inputCount: Int

    init(_ signature: borrowing CallableSignature) {
        parameters = signature.accepted
        inputCount = signature.inputs.count
    }

    /// - Parameter bytes: that the request was read from.
    /// - Throws: `invalidArgument` for inputs that are not the signature's, and tensors that are none.
    func read(
        _ entries: [TensorFlow.MapEntry<TensorFlow.Tensor>], in bytes: UnsafeRawBufferPointer, byteLimit: Int
    ) throws(ServableError) -> CallInputs {
        var decoder = unsafe TensorMessageDecoder(bytes, byteLimit: byteLimit)
        // Most requests have one input.
        if entries.count == 1, parameters.count == 1, entries[0].key == parameters[0].name, parameters[0].tensor != nil {
            return CallInputs(try value(of: entries[0], &decoder))
        }
        // A name that comes twice counts once, as it stands last.
        var found: [String: TensorFlow.MapEntry<TensorFlow.Tensor>] = [:]
        for entry in entries { found[entry.key] = entry }
        try check(found.keys)
        var values: [RuntimeValue?] = []
        for parameter in parameters {
            guard let entry = found[parameter.name] else {
                values.append(nil)
                continue
            }
            let value = RuntimeValue(try value(of: entry, &decoder))
            if case .optional = parameter.type { values.append(.optional(value)) } else { values.append(value) }
        }
        return CallInputs(parameters.completed(values))
    }

    private func value(
        of entry: TensorFlow.MapEntry<TensorFlow.Tensor>, _ decoder: inout TensorMessageDecoder
    ) throws(ServableError) -> TensorValue {
        do throws(TensorMessageError) {
            return try decoder.value(entry.value ?? TensorFlow.Tensor())
        } catch {
            let code: StatusCode = error.kind == .tooLarge || error.kind == .noMemory ? .resourceExhausted : .invalidArgument
            throw ServableError(code, "tensor parsing error: \(entry.key): \(error.reason)")
        }
    }

    private func check(_ names: some Collection<String>) throws(ServableError) {
        let known = Set(parameters.map(\.name)), given = Set(names)
        let required = parameters.filter { $0.absent == nil }.map(\.name)
        let extra = given.subtracting(known), missing = Set(required).subtracting(given)
        guard !extra.isEmpty || !missing.isEmpty else { return }
        if given.count == inputCount, let wrong = extra.min() {
            throw ServableError(
                .invalidArgument,
                "Inputs contains invalid name. Used request inputs: \(Self.set(given)), request input: \(wrong); expected \(Self.set(known))"
            )
        }
        throw ServableError(
            .invalidArgument,
            "input size does not match signature: \(given.count)!=\(inputCount) len(\(Self.set(given))) != len(\(Self.set(known))). "
                + "Sent extra: \(Self.set(extra)). Missing but required: \(Self.set(missing)).")
    }

    private static func set(_ names: some Collection<String>) -> String {
        let shown = names.sorted().prefix(40).joined(separator: ",")
        return "{\(shown)\(names.count > 40 ? ",…" : "")}"
    }
}
