package import Tensors

/// What one input or output of a request holds.
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
}

/// Byte strings, row-major.
package struct StringTensor: Sendable, Equatable {
    package let shape: Shape
    package let elements: [[UInt8]]

    package init(shape: Shape, elements: [[UInt8]]) {
        precondition(elements.count == shape.elementCount, "\(elements.count) strings for \(shape)")
        self.shape = shape
        self.elements = elements
    }
}
