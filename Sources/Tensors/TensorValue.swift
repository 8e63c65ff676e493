/// The contents of a tensor of any element type: dense bytes, or strings.
package enum TensorValue: Sendable {
    case dense(Tensor)
    case strings(StringTensor)

    package var shape: Shape {
        switch self {
        case .dense(let tensor): tensor.shape
        case .strings(let tensor): tensor.shape
        }
    }

    package var elementType: ElementType {
        switch self {
        case .dense(let tensor): tensor.elementType
        case .strings: .string
        }
    }

    package var spec: TensorSpec { TensorSpec(elementType, shape) }

    /// Bytes of the contents.
    package var byteCount: Int {
        switch self {
        case .dense(let tensor): tensor.spec.byteCount
        case .strings(let tensor): tensor.byteCount
        }
    }
}
