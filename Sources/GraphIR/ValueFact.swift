package import Tensors

/// What is known of a value: its type, and its contents when it is constant.
package struct ValueFact: Sendable {
    package var valueType: ValueType
    /// Contents of a constant with dense bytes.
    package var constant: Tensor?
    /// Contents of a constant string tensor.
    package var strings: StringTensor?

    package init(_ valueType: ValueType) { self.valueType = valueType }
    package init(_ type: TensorType) { valueType = .tensor(type) }
    package init(_ elementType: ElementType, _ shape: SymbolicShape?) { self.init(TensorType(elementType, shape)) }
    package init(_ elementType: ElementType, _ shape: Shape) { self.init(TensorType(elementType, SymbolicShape(shape))) }

    package init(constant: Tensor) {
        valueType = .tensor(constant.spec.type)
        self.constant = constant
    }

    package init(constant: TensorValue) {
        switch constant {
        case .dense(let tensor): self.init(constant: tensor)
        case .strings(let tensor):
            self.init(TensorSpec(.string, tensor.shape).type)
            strings = tensor
        }
    }

    /// The tensor type.
    ///
    /// - Precondition: the value is a tensor. The engine gives other values to `acceptsObjects` operators only.
    package var type: TensorType {
        guard let tensor = valueType.tensor else { preconditionFailure("a \(valueType) where a tensor was promised") }
        return tensor
    }

    package var isConstant: Bool { constant != nil || strings != nil }
    package var elementType: ElementType { type.elementType }
    /// nil for a tensor of unknown rank, and for what is no tensor.
    package var shape: SymbolicShape? { valueType.tensor?.shape }
    package var rank: Int? { shape?.rank }
    /// Type of dense contents when every extent is known.
    package var concrete: TensorSpec? { valueType.isDense ? type.concrete : nil }
    package var integers: [Int]? { constant?.integers }
}
