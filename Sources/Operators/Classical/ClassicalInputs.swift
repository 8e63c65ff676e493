import GraphIR
import Tensors

/// Element types that the classical operators take, and a look at a table of any of them.
enum ClassicalInput {
    static let types: Set<ElementType> = [.float32, .float64, .int64, .int32]

    /// The table's extents: [rows, columns]; a list counts as one row.
    static func table(_ fact: ValueFact) throws(OperatorError) -> (rows: Dimension, columns: Dimension) {
        guard let shape = fact.shape else { return (.unknown, .unknown) }
        switch shape.rank {
        case 1: return (.known(1), shape[0])
        case 2: return (shape[0], shape[1])
        default:
            throw .invalidInput(index: 0, reason: "has rank \(shape.rank) (shape \(shape)), expected 2 (rows, features) or 1")
        }
    }

    /// The same for a known shape.
    static func table(_ shape: Shape) -> (rows: Int, columns: Int) {
        shape.rank == 1 ? (1, shape[0]) : (shape[0], shape[1])
    }
}

extension RowInputs {
    /// The outputs have one row for each row of a table; a list is a table of one row.
    func tableRows() -> RowFlow {
        guard extents(0)?.count == 2 else { return .mixed("takes its input as the features of a single row") }
        return positionwise(along: [0])
    }
}

/// Code that is generic over the element type of a classical operator's input.
protocol ClassicalVisitor {
    func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError)
}

extension ElementType {
    /// Calls the visitor with the Swift type of one of `ClassicalInput.types`.
    @inline(__always)
    func dispatchClassical(_ visitor: some ClassicalVisitor) throws(OperatorError) {
        switch self {
        case .float32: try visitor.visit(Float.self)
        case .float64: try visitor.visit(Double.self)
        case .int64: try visitor.visit(Int64.self)
        case .int32: try visitor.visit(Int32.self)
        default: throw .unsupported("\(self) in a classical operator")
        }
    }
}

/// The labels that a classifier answers with.
enum ClassLabels {
    /// The classifier that `make` makes for the int64 labels of the attribute `name`; for string labels it answers with their
    /// numbers, and the result puts the strings in place.
    static func classifier(
        _ reader: AttributeReader, integers name: String, strings: String = "classlabels_strings",
        make: ([Int64]) throws(OperatorError) -> any Operator
    ) throws(OperatorError) -> any Operator {
        let texts = try reader.strings(strings) ?? [], numbers = try reader.integers(name) ?? []
        guard texts.isEmpty || numbers.isEmpty else {
            throw .invalidAttribute(name: "\(name) and \(strings)", reason: "must be given one or the other")
        }
        guard texts.isEmpty else {
            return NamedClasses(classifier: try make(texts.indices.map(Int64.init)), names: texts.map { Array($0.utf8) })
        }
        guard !numbers.isEmpty else {
            throw .invalidAttribute(name: name, reason: "is missing, so there are no class labels")
        }
        return try make(numbers.map(Int64.init))
    }
}

extension AttributeReader {
    /// Numbers that stand in the tensor attribute `<name>_as_tensor` (float32 or float64) or in the list `name`.
    func numbers(_ name: String) throws(OperatorError) -> (values: [Double], isDouble: Bool)? {
        if let tensor = try tensor(name + "_as_tensor") { return try tensor.numbers(attribute: name + "_as_tensor") }
        return try floats(name).map { ($0.map(Double.init), false) }
    }
}

extension Tensor {
    /// The numbers of a floating-point attribute.
    func numbers(attribute: String) throws(OperatorError) -> (values: [Double], isDouble: Bool) {
        switch elementType {
        case .float32: return (values(Float.self).map(Double.init), false)
        case .float64: return (values(Double.self), true)
        default:
            throw .unsupported("\(elementType) in the attribute \(attribute)")
        }
    }
}
