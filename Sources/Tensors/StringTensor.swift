/// Byte strings, row-major: what models call a tensor of strings. Most hold UTF-8, but any bytes are allowed.
package struct StringTensor: Sendable, Hashable {
    package let shape: Shape
    package let elements: [[UInt8]]

    /// - Precondition: as many elements as the shape has.
    package init(shape: Shape, elements: [[UInt8]]) {
        precondition(elements.count == shape.elementCount, "\(elements.count) strings for \(shape)")
        self.shape = shape
        self.elements = elements
    }

    /// Bytes of the strings and of the array that holds them.
    package var byteCount: Int {
        elements.reduce(elements.count * MemoryLayout<[UInt8]>.stride) { $0 + $1.count }
    }

    /// The same elements under another shape of equal element count.
    package func reshaped(_ shape: Shape) -> StringTensor { StringTensor(shape: shape, elements: elements) }
}
