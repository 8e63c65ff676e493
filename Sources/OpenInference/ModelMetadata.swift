package import GraphIR
package import ModelServing
import ServableCore
import Tensors

/// What the protocol says of a model.
package struct ModelMetadata: Sendable {
    /// One input or output.
    package struct Tensor: Sendable, Equatable, CustomStringConvertible {
        package let name: String
        package let datatype: Datatype
        /// -1 for a free dimension.
        package let shape: [Int]

        package init(_ parameter: Signature.Parameter) {
            name = parameter.name
            let type = Self.nearestTensor(to: parameter.type)
            datatype = type.map { Datatype(nearestTo: $0.elementType) } ?? .bytes
            shape = type.map(Self.dimensions) ?? [-1]
        }

        /// A tensor's own type; of a sequence and a map that of what they hold, in one dimension more.
        private static func nearestTensor(to type: ValueType) -> TensorType? {
            switch type {
            case .tensor(let tensor): tensor
            case .optional(let content): nearestTensor(to: content)
            case .list(let element): behindFree(element)
            case .sequence(let element): nearestTensor(to: element).map(behindFree)
            case .map(_, let value): nearestTensor(to: value).map(behindFree)
            case .resource: nil
            }
        }

        private static func behindFree(_ type: TensorType) -> TensorType {
            TensorType(type.elementType, type.shape.map { SymbolicShape([.unknown] + $0.dimensions) })
        }

        /// -1 for what is free; a shape of any rank counts as one free dimension.
        static func dimensions(of type: TensorType) -> [Int] { type.shape?.dimensions.map { $0.value ?? -1 } ?? [-1] }

        package var description: String { "\(datatype.name) [\(shape.map(String.init).joined(separator: ","))]" }
    }

    package let name: String
    /// Those that may be asked for now, ascending.
    package let versions: [Int64]
    /// `onnx_onnxv1`, `tensorflow_savedmodel`: for people, no client acts on it.
    package let platform: String
    package let inputs: [Tensor]
    package let outputs: [Tensor]

    init(_ target: PredictionTarget, _ signature: CallableSignature, versions: [Int64]) {
        name = target.id.name
        self.versions = versions
        platform =
            switch target.format {
            case "onnx": "onnx_onnxv1"
            case "savedmodel", "saved_model": "tensorflow_savedmodel"
            case let other: other
            }
        inputs = signature.inputs.map(Tensor.init)
        outputs = signature.outputs.map(Tensor.init)
    }
}

extension CallableSignature {
    /// Whether the first dimension of every input and output counts rows: it is free, and something lies behind it.
    package var hasRows: Bool { inputs.allSatisfy(\.hasRows) && outputs.allSatisfy(\.hasRows) }
}

extension Signature.Parameter {
    fileprivate var hasRows: Bool {
        guard let dimensions = tensor?.shape?.dimensions, dimensions.count > 1 else { return false }
        return dimensions[0].value == nil
    }
}
