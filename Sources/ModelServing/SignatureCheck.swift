import GraphIR
import ServableCore
import Tensors

/// Holds a request's tensors against a signature before they enter a queue.
enum SignatureCheck {
    /// - Throws: `invalidArgument` that names the input, what was found and what the signature declares.
    static func check(_ inputs: [Tensor], against signature: Signature) throws(ServableError) {
        guard inputs.count == signature.inputs.count else {
            throw ServableError(
                .invalidArgument,
                "signature \"\(signature.name)\" has \(signature.inputs.count) inputs, \(inputs.count) were given")
        }
        for (parameter, tensor) in zip(signature.inputs, inputs) {
            guard tensor.elementType == parameter.type.elementType else {
                throw ServableError(
                    .invalidArgument,
                    "input \"\(parameter.name)\" is \(tensor.elementType), expected \(parameter.type.elementType)")
            }
            guard parameter.type.shape?.admits(tensor.shape) ?? true else {
                throw ServableError(
                    .invalidArgument,
                    "input \"\(parameter.name)\" has shape \(tensor.shape), expected \(parameter.type); see the model's /metadata route")
            }
        }
    }
}
