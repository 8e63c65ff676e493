package import Tensors

/// A named way to call a model: which inputs it takes, which outputs it gives.
///
/// An ONNX model has one, `serving_default`, made of the graph's inputs and outputs; a SavedModel names its own
/// (`SignatureDef`).
package struct Signature: Sendable {
    /// The name that a request means when it names none.
    package static let defaultName = "serving_default"
    package static let predictMethod = "tensorflow/serving/predict"

    package let name: String
    package let methodName: String
    package let inputs: [Parameter]
    package let outputs: [Parameter]
    /// Whether shapes are what clients should send, and not what they must (TensorFlow's signatures).
    package let hasAdvisoryShapes: Bool

    package init(
        name: String, methodName: String = predictMethod, inputs: [Parameter], outputs: [Parameter], hasAdvisoryShapes: Bool = false
    ) {
        self.name = name
        self.methodName = methodName
        self.inputs = inputs
        self.outputs = outputs
        self.hasAdvisoryShapes = hasAdvisoryShapes
    }

    /// One input or output.
    package struct Parameter: Sendable {
        /// What requests and answers call it.
        package let name: String
        /// The value of the graph.
        package let valueName: String
        package let type: TensorType
        /// What a request that leaves the input out means; nil: it must not.
        package let fallback: TensorValue?

        package init(name: String, valueName: String, type: TensorType, fallback: TensorValue? = nil) {
            self.name = name
            self.valueName = valueName
            self.type = type
            self.fallback = fallback
        }
    }

    package func inputIndex(_ name: String) -> Int? { inputs.firstIndex { $0.name == name } }
    package func outputIndex(_ name: String) -> Int? { outputs.firstIndex { $0.name == name } }
}
