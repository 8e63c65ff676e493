package import Tensors

/// Tensors of one element type, as loops collect them; some may not be set yet.
package struct TensorList: Sendable, CustomStringConvertible {
    /// What every element must be, as far as it is known.
    package var elementType: TensorType
    /// nil: not set, which reads as zeros.
    package var elements: [RuntimeValue?]

    package init(_ elementType: TensorType, _ elements: [RuntimeValue?] = []) {
        self.elementType = elementType
        self.elements = elements
    }

    package var description: String { "list of \(elements.count) \(elementType)" }
}
