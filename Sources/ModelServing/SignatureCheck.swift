import GraphIR
import ServableCore
import Tensors

/// Holds a request's values against a signature before they enter a queue.
enum SignatureCheck {
    /// - Throws: `invalidArgument` that names the input, what was found and what the signature declares.
    static func check(_ inputs: CallInputs, against signature: Signature) throws(ServableError) {
        let parameters = inputs.count == signature.inputs.count ? signature.inputs : signature.accepted
        guard inputs.count == parameters.count else {
            throw ServableError(
                .invalidArgument,
                "signature \"\(signature.name)\" has \(signature.inputs.count) inputs, \(inputs.count) were given")
        }
        guard case .mixed(let values) = inputs else {
            for (parameter, tensor) in zip(parameters, inputs.tensors ?? []) { try check(tensor.spec, parameter, signature) }
            return
        }
        for (parameter, value) in zip(parameters, values) {
            if let spec = value.spec {
                try check(spec, parameter, signature)
            } else if let reason = parameter.type.mismatch(value) {
                throw ServableError(.invalidArgument, "input \"\(parameter.name)\" \(reason)")
            }
        }
    }

    /// Holds a tensor against what the signature declares.
    private static func check(
        _ spec: TensorSpec, _ parameter: Signature.Parameter, _ signature: Signature
    ) throws(ServableError) {
        guard let tensor = parameter.tensor else {
            throw ServableError(.invalidArgument, "input \"\(parameter.name)\" is \(spec), expected \(parameter.type)")
        }
        guard spec.elementType == tensor.elementType else {
            throw ServableError(
                .invalidArgument, "input \"\(parameter.name)\" is \(spec.elementType), expected \(tensor.elementType)")
        }
        guard signature.hasAdvisoryShapes || tensor.shape?.admits(spec.shape) ?? true else {
            throw ServableError(
                .invalidArgument,
                "input \"\(parameter.name)\" has shape \(spec.shape), expected \(tensor); see the model's /metadata route")
        }
    }
}
