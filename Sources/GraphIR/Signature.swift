package import Tensors

/// A named way to call a model: which inputs it takes, which outputs it gives.
///
/// An ONNX model has one, `serving_default`, made of the graph's inputs and outputs; a SavedModel names its own
/// (`SignatureDef`).
package struct Signature: Sendable {
    /// The name that a request means when it names none.
    package static let defaultName = "serving_default"
    package static let predictMethod = "tensorflow/serving/predict"
    package static let classifyMethod = "tensorflow/serving/classify"
    package static let regressMethod = "tensorflow/serving/regress"

    package let name: String
    package let methodName: String
    package let inputs: [Parameter]
    package let outputs: [Parameter]
    /// Constants of the graph that a request may replace, each with its value as fallback (ONNX: initializers that are graph
    /// inputs as well). A request that replaces none of them runs the graph in which they are constants.
    package let overridables: [Parameter]
    /// Whether shapes are what clients should send, and not what they must (TensorFlow's signatures).
    package let hasAdvisoryShapes: Bool

    package init(
        name: String, methodName: String = predictMethod, inputs: [Parameter], outputs: [Parameter], overridables: [Parameter] = [],
        hasAdvisoryShapes: Bool = false
    ) {
        self.name = name
        self.methodName = methodName
        self.inputs = inputs
        self.outputs = outputs
        self.overridables = overridables
        self.hasAdvisoryShapes = hasAdvisoryShapes
    }

    /// Everything that a request may give: the inputs, then the constants that it may replace.
    package var accepted: [Parameter] { overridables.isEmpty ? inputs : inputs + overridables }

    /// The signature whose inputs are everything that a request may give.
    package var overriding: Signature {
        Signature(
            name: name, methodName: methodName, inputs: accepted, outputs: outputs, hasAdvisoryShapes: hasAdvisoryShapes)
    }

    package func inputIndex(_ name: String) -> Int? { inputs.firstIndex { $0.name == name } }
    package func outputIndex(_ name: String) -> Int? { outputs.firstIndex { $0.name == name } }
}

extension Signature {
    /// One input or output.
    package struct Parameter: Sendable {
        /// What requests and answers call it.
        package let name: String
        /// The value of the graph.
        package let valueName: String
        package let type: ValueType
        /// The type when it is a tensor's; nil for a sequence, a map, an optional.
        package let tensor: TensorType?
        /// What a request that leaves the input out means, for a tensor; nil: there is none.
        package let fallback: TensorValue?
        /// Whether the fallback is a constant of the graph: see `Signature.overridables`.
        package let isOverridable: Bool

        package init(
            name: String, valueName: String, type: ValueType, fallback: TensorValue? = nil, isOverridable: Bool = false
        ) {
            self.name = name
            self.valueName = valueName
            self.type = type
            tensor = type.tensor
            self.fallback = fallback
            self.isOverridable = isOverridable
        }

        package init(
            name: String, valueName: String, type: TensorType, fallback: TensorValue? = nil, isOverridable: Bool = false
        ) {
            self.init(name: name, valueName: valueName, type: .tensor(type), fallback: fallback, isOverridable: isOverridable)
        }

        /// What a request that leaves the input out means: its default, or nothing for an optional; nil: it must not leave it out.
        package var absent: RuntimeValue? {
            if let fallback { return RuntimeValue(fallback) }
            if case .optional = type { return .optional(nil) }
            return nil
        }
    }
}

extension [Signature.Parameter] {
    /// The values to run, in this order, when a request gives `values` (nil: left out); when it replaces no constant, without them.
    ///
    /// - Precondition: what has no meaning when it is left out is given.
    package func completed(_ values: [RuntimeValue?]) -> [RuntimeValue] {
        let replacesNothing = zip(self, values).allSatisfy { !$0.isOverridable || $1 == nil }
        return zip(self, values).compactMap { parameter, value in
            if parameter.isOverridable, replacesNothing { return nil }
            guard let value = value ?? parameter.absent else {
                preconditionFailure("input \"\(parameter.name)\" is left out and has no default")
            }
            return value
        }
    }
}
