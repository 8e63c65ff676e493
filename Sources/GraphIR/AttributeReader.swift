package import Tensors

/// Typed access to a node's attributes, with defaults and clear refusals.
///
/// An operator's spelling receives one and takes what it knows. Attributes that nobody asks for are not an
/// error: exporters write hints of their own. A list without elements, of which TensorFlow's files do not say what it is a list of,
/// is a list of integers that serves as any other.
package struct AttributeReader: Sendable {
    package let node: SourceNode

    package init(_ node: SourceNode) { self.node = node }

    package var version: Int { node.version }
    package var inputCount: Int { node.inputs.count }
    package var outputCount: Int { node.outputs.count }
    /// Whether the optional output at `index` is asked for.
    package func hasOutput(_ index: Int) -> Bool { index < node.outputs.count && !node.outputs[index].isEmpty }
    package func has(_ name: String) -> Bool { node.attributes[name] != nil }

    package func integer(_ name: String, default fallback: Int) throws(OperatorError) -> Int {
        try integer(name) ?? fallback
    }

    package func integer(_ name: String) throws(OperatorError) -> Int? {
        switch node.attributes[name] {
        case nil: nil
        case .integer(let value): Int(value)
        case .some(let other): throw mismatch(name, other, "an integer")
        }
    }

    /// An ONNX flag: an integer that is 0 or not.
    package func flag(_ name: String, default fallback: Bool) throws(OperatorError) -> Bool {
        try integer(name).map { $0 != 0 } ?? fallback
    }

    package func float(_ name: String, default fallback: Float) throws(OperatorError) -> Float {
        try float(name) ?? fallback
    }

    package func float(_ name: String) throws(OperatorError) -> Float? {
        switch node.attributes[name] {
        case nil: nil
        case .float(let value): value
        case .some(let other): throw mismatch(name, other, "a float")
        }
    }

    package func string(_ name: String, default fallback: String) throws(OperatorError) -> String {
        try string(name) ?? fallback
    }

    package func string(_ name: String) throws(OperatorError) -> String? {
        switch node.attributes[name] {
        case nil: nil
        case .string(let value): value
        case .some(let other): throw mismatch(name, other, "a string")
        }
    }

    package func integers(_ name: String) throws(OperatorError) -> [Int]? {
        switch node.attributes[name] {
        case nil: nil
        case .integers(let values): values.map(Int.init)
        case .some(let other): throw mismatch(name, other, "a list of integers")
        }
    }

    package func floats(_ name: String) throws(OperatorError) -> [Float]? {
        switch node.attributes[name] {
        case nil: nil
        case .integers(let values) where values.isEmpty: []
        case .floats(let values): values
        case .some(let other): throw mismatch(name, other, "a list of floats")
        }
    }

    package func strings(_ name: String) throws(OperatorError) -> [String]? {
        switch node.attributes[name] {
        case nil: nil
        case .integers(let values) where values.isEmpty: []
        case .strings(let values): values
        case .some(let other): throw mismatch(name, other, "a list of strings")
        }
    }

    /// A tensor of numbers.
    package func tensor(_ name: String) throws(OperatorError) -> Tensor? {
        switch node.attributes[name] {
        case nil: nil
        case .tensor(.dense(let value)): value
        case .some(let other): throw mismatch(name, other, "a tensor of numbers")
        }
    }

    /// A tensor of numbers or strings.
    package func tensorValue(_ name: String) throws(OperatorError) -> TensorValue? {
        switch node.attributes[name] {
        case nil: nil
        case .tensor(let value): value
        case .some(let other): throw mismatch(name, other, "a tensor")
        }
    }

    /// The element type that an attribute names (TensorFlow's `T`).
    package func elementType(_ name: String) throws(OperatorError) -> ElementType? {
        switch node.attributes[name] {
        case nil: return nil
        case .type(let type):
            guard let tensor = type.tensor else {
                throw .invalidAttribute(name: name, reason: "is \(type), expected the type of a tensor's elements")
            }
            return tensor.elementType
        case .some(let other): throw mismatch(name, other, "a type")
        }
    }

    /// The same, of an attribute that must be there.
    package func requiredType(_ name: String) throws(OperatorError) -> ElementType {
        guard let type = try elementType(name) else { throw .invalidAttribute(name: name, reason: "is missing, expected a type") }
        return type
    }

    /// The same, refused unless it is among `types`: a kernel writes what its node promises.
    package func elementType(
        _ name: String, default fallback: ElementType, of types: Set<ElementType>
    ) throws(OperatorError) -> ElementType {
        let type = try elementType(name) ?? fallback
        guard types.contains(type) else {
            let expected = types.map { "\($0)" }.sorted().joined(separator: ", ")
            throw .invalidAttribute(name: name, reason: "is \(type), expected \(expected)")
        }
        return type
    }

    package func types(_ name: String) throws(OperatorError) -> [ValueType]? {
        switch node.attributes[name] {
        case nil: nil
        case .integers(let values) where values.isEmpty: []
        case .types(let types): types
        case .some(let other): throw mismatch(name, other, "a list of types")
        }
    }

    /// A shape; nil when the attribute is absent or the shape's rank is unknown.
    package func shape(_ name: String) throws(OperatorError) -> SymbolicShape? {
        switch node.attributes[name] {
        case nil: nil
        case .shape(let shape): shape
        case .some(let other): throw mismatch(name, other, "a shape")
        }
    }

    package func shapes(_ name: String) throws(OperatorError) -> [SymbolicShape?]? {
        switch node.attributes[name] {
        case nil: nil
        case .integers(let values) where values.isEmpty: []
        case .shapes(let shapes): shapes
        case .some(let other): throw mismatch(name, other, "a list of shapes")
        }
    }

    /// One of a fixed set of words; absent means `fallback`.
    package func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, default fallback: Choice
    ) throws(OperatorError) -> Choice where Choice.RawValue == String {
        guard let text = try string(name) else { return fallback }
        guard let value = Choice(rawValue: text) else {
            let known = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw .invalidAttribute(name: name, reason: "is \"\(text)\", expected one of \(known)")
        }
        return value
    }

    private func mismatch(_ name: String, _ found: Attribute, _ expected: String) -> OperatorError {
        .invalidAttribute(name: name, reason: "is a \(found.kind), expected \(expected)")
    }
}
