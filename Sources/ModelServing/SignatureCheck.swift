import GraphIR
import ServableCore
import Tensors

/// Holds a request's tensors against a signature before they enter a queue.
enum SignatureCheck {
    /// - Throws: `invalidArgument` that names the input, what was found and what the signature declares.
    static func check(_ inputs: CallInputs, against signature: Signature) throws(ServableError) {
        let specs = inputs.specs
        guard specs.count == signature.inputs.count else {
            throw ServableError(
                .invalidArgument,
                "signature \"\(signature.name)\" has \(signature.inputs.count) inputs, \(specs.count) were given")
        }
        for (parameter, spec) in zip(signature.inputs, specs) {
            guard spec.elementType == parameter.type.elementType else {
                throw ServableError(
                    .invalidArgument, "input \"\(parameter.name)\" is \(spec.elementType), expected \(parameter.type.elementType)")
            }
            guard signature.hasAdvisoryShapes || parameter.type.shape?.admits(spec.shape) ?? true else {
                throw ServableError(
                    .invalidArgument,
                    "input \"\(parameter.name)\" has shape \(spec.shape), expected \(parameter.type); see the model's /metadata route")
            }
        }
    }
}
