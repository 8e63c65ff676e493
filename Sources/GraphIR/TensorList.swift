package import Tensors

/// Tensors of one element type, as loops collect them; some may not be set yet.
package struct TensorList: Sendable, CustomStringConvertible {
    /// Longer lists are refused.
    package static let maximumCount = 1 << 24

    /// What every element must be, as far as it is known.
    package var elementType: TensorType
    /// An empty place is not set, which reads as zeros.
    package var items: SparseList<RuntimeValue>

    package init(_ elementType: TensorType, items: SparseList<RuntimeValue>) {
        self.elementType = elementType
        self.items = items
    }

    package init(_ elementType: TensorType, _ elements: [RuntimeValue?] = []) {
        self.init(elementType, items: SparseList(elements))
    }

    package var count: Int { items.count }

    /// nil: not set, which reads as zeros.
    package var elements: [RuntimeValue?] { (0..<count).map { items[$0] } }

    package var description: String { "list of \(count) \(elementType)" }
}
