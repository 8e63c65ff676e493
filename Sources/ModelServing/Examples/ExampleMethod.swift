import GraphIR
package import ServableCore
import Tensors

/// What is asked of examples.
package enum ExampleMethod: Sendable {
    case classify, regress

    /// - Throws: for a signature whose model says that it is made for another method.
    package func checkName(of signature: CallableSignature) throws(ServableError) {
        let (kind, expected) =
            switch self {
            case .classify: ("classification", Signature.classifyMethod)
            case .regress: ("regression", Signature.regressMethod)
            }
        guard signature.methodName == expected else {
            throw ServableError(
                .invalidArgument, "Expected \(kind) signature method_name to be \(expected). Was: \(signature.methodName)")
        }
    }

    /// Which outputs of a signature hold the results.
    ///
    /// - Throws: for a signature that is not made for the method.
    package func results(of signature: CallableSignature) throws(ServableError) -> ExampleResults {
        guard signature.inputs.count == 1 else { throw ServableError(.invalidArgument, "Expected one input Tensor.") }
        guard signature.inputs[0].name == "inputs", signature.inputs[0].tensor?.elementType == .string else {
            let kind = self == .classify ? "classification" : "regression"
            throw ServableError(
                .invalidArgument,
                "No \(kind) inputs found in SignatureDef: \"\(signature.name)\" takes \"\(signature.inputs[0].name)\" of type "
                    + "\(signature.inputs[0].tensor.map { "\($0.elementType)" } ?? signature.inputs[0].type.description), expected \"inputs\" of type string"
            )
        }
        let names = signature.outputs.map(\.name)
        switch self {
        case .classify:
            let classes = names.firstIndex(of: "classes"), scores = names.firstIndex(of: "scores")
            guard (1...2).contains(names.count), names.count == [classes, scores].compactMap(\.self).count else {
                throw ServableError(
                    .invalidArgument,
                    "Expected classification signature outputs \"classes\" and/or \"scores\", found \(names.joined(separator: ", "))")
            }
            return .classes(classes, scores: scores)
        case .regress:
            guard names == ["outputs"] else {
                throw ServableError(
                    .invalidArgument, "Expected the one regression output \"outputs\", found \(names.joined(separator: ", "))")
            }
            return .values
        }
    }
}
