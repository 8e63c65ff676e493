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
        for (parameter, value) in zip(parameters, inputs.values) {
            try check(value, against: parameter, hasAdvisoryShapes: signature.hasAdvisoryShapes)
        }
    }

    private static func check(
        _ value: RuntimeValue, against parameter: Signature.Parameter, hasAdvisoryShapes: Bool
    ) throws(ServableError) {
        guard let tensor = parameter.tensor, let spec = value.spec else {
            guard let reason = parameter.type.mismatch(value) else { return }
            throw ServableError(.invalidArgument, "input \"\(parameter.name)\" \(reason)")
        }
        guard spec.elementType == tensor.elementType else {
            throw ServableError(
                .invalidArgument, "input \"\(parameter.name)\" is \(spec.elementType), expected \(tensor.elementType)")
        }
        guard hasAdvisoryShapes || tensor.shape?.admits(spec.shape) ?? true else {
            throw ServableError(
                .invalidArgument,
                "input \"\(parameter.name)\" has shape \(spec.shape), expected \(tensor); see the model's /metadata route")
        }
    }
}
