/// A dense tensor of one element type, row-major.
public struct Tensor<Element: TensorElement>: Sendable, Equatable {
    /// Outermost first; none for a scalar.
    public let shape: [Int]
    public let elements: [Element]

    /// - Precondition: as many elements as the shape has.
    public init(_ elements: [Element], shape: [Int]) {
        precondition(shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == elements.count, "\(elements.count) elements for \(shape)")
        self.shape = shape
        self.elements = elements
    }

    /// A vector.
    public init(_ elements: [Element]) { self.init(elements, shape: [elements.count]) }

    public init(scalar: Element) { self.init([scalar], shape: []) }
}

/// A tensor of any element type, in the protocol's binary form.
public struct AnyTensor: Sendable, Equatable {
    public let datatype: Datatype
    public let shape: [Int]
    /// The elements, little-endian and row-major.
    public let bytes: [UInt8]

    /// - Parameter bytes: of the elements; for types that Swift has not, such as BF16. The server checks them.
    public init(_ datatype: Datatype, shape: [Int], bytes: [UInt8]) {
        self.datatype = datatype
        self.shape = shape
        self.bytes = bytes
    }

    public init<Element>(_ tensor: Tensor<Element>) {
        var bytes: [UInt8] = []
        Element.append(tensor.elements, to: &bytes)
        self.init(Element.datatype, shape: tensor.shape, bytes: bytes)
    }

    /// The elements as a type of Swift.
    ///
    /// - Throws: `ClientError.wrongType` when the tensor is of another datatype.
    public func typed<Element>(_: Element.Type = Element.self) throws(ClientError) -> Tensor<Element> {
        guard datatype == Element.datatype else { throw .wrongType(expected: Element.datatype, found: datatype) }
        var count = 1
        for extent in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else { throw .malformedResponse("the shape \(shape) is none") }
            count = product
        }
        return Tensor(try Element.elements(bytes[...], count: count), shape: shape)
    }
}
