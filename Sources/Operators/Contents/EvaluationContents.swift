import GraphIR
import Tensors

/// What dynamic operators read from their inputs: lists of integers, strings, elements of any type.
extension EvaluationContext {
    /// The tensor of strings that input `index` holds.
    func strings(_ index: Int) throws(OperatorError) -> StringTensor {
        switch try value(index) {
        case .object(.strings(let tensor)): return tensor
        case let other: throw .invalidInput(index: index, reason: "is \(other.kind), expected a tensor of strings")
        }
    }

    /// The single string that input `index` holds.
    func text(_ index: Int) throws(OperatorError) -> [UInt8] {
        let tensor = try strings(index)
        guard tensor.elements.count == 1 else {
            throw .invalidInput(index: index, reason: "is a tensor of strings of shape \(tensor.shape), expected a single string")
        }
        return tensor.elements[0]
    }

    /// The elements of the tensor that input `index` holds, of any type.
    func elements(_ index: Int) throws(OperatorError) -> ElementList {
        switch try value(index) {
        case .dense(let view): return .dense(view)
        case .object(.strings(let tensor)): return .strings(tensor)
        case .object(let other): throw .invalidInput(index: index, reason: "is \(other.kind), expected a tensor")
        }
    }

    /// The shape that the integers of input `index` are.
    func shape(_ index: Int) throws(OperatorError) -> Shape {
        let extents = try integers(index)
        guard let shape = Shape(checking: extents) else {
            throw .invalidInput(index: index, reason: "is \(extents), which is no shape of a tensor")
        }
        return shape
    }
}

/// What dynamic operators make.
extension EvaluationContext {
    /// A tensor of these values.
    func tensor<Scalar: TensorScalar>(_ values: [Scalar], _ shape: Shape) throws(OperatorError) -> RuntimeValue {
        guard values.count == shape.elementCount else { throw .invalidValue("makes \(values.count) elements for shape \(shape)") }
        return .tensor(
            try makeTensor(TensorSpec(Scalar.elementType, shape)) { bytes in
                values.withUnsafeBytes { bytes.copyMemory(from: $0) }
            })
    }

    /// A list of these values.
    func list<Scalar: TensorScalar>(_ values: [Scalar]) throws(OperatorError) -> RuntimeValue {
        try tensor(values, [values.count])
    }

    /// A tensor of integers of type int32 or int64.
    ///
    /// - Throws: when a value lies outside the type.
    func integers(_ values: [Int], _ shape: Shape, _ type: ElementType = .int64) throws(OperatorError) -> RuntimeValue {
        guard type == .int32 else { return try tensor(values.map(Int64.init), shape) }
        var narrow: [Int32] = []
        narrow.reserveCapacity(values.count)
        for value in values {
            guard let exact = Int32(exactly: value) else { throw .invalidValue("gives \(value), which no int32 holds") }
            narrow.append(exact)
        }
        return try tensor(narrow, shape)
    }

    /// A list of integers of type int32 or int64.
    func integers(_ values: [Int], _ type: ElementType = .int64) throws(OperatorError) -> RuntimeValue {
        try integers(values, [values.count], type)
    }

    /// A tensor of zero bytes.
    func zeros(_ spec: TensorSpec) throws(OperatorError) -> Tensor {
        try makeTensor(spec) { bytes in bytes.initializeMemory(as: UInt8.self, repeating: 0) }
    }
}
