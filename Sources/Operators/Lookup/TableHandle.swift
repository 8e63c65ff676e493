import GraphIR
import Tensors

/// The handle of a lookup table, which lives in the version's resources, or for one run when it is anonymous.
///
/// - Source: TensorFlow operators HashTable(V2), MutableHashTable(V2), MutableHashTableOfTensors(V2), MutableDenseHashTable(V2)
///   and their anonymous forms.
struct TableHandle: DynamicOperator {
    let name: String
    let kind: LookupTable.Kind
    private let key: String?
    private let keyType: ElementType
    private let valueType: ElementType
    private let valueShape: Shape

    init(_ name: String, _ kind: LookupTable.Kind, isAnonymous: Bool, _ reader: AttributeReader) throws(OperatorError) {
        self.name = name
        self.kind = kind
        keyType = try reader.requiredType("key_dtype")
        valueType = try reader.requiredType("value_dtype")
        let shape = try reader.shape("value_shape") ?? SymbolicShape(Shape.scalar)
        guard let valueShape = shape.concrete else {
            throw .invalidAttribute(name: "value_shape", reason: "is \(shape), expected a known shape")
        }
        self.valueShape = valueShape
        let shared = try reader.string("shared_name", default: ""), container = try reader.string("container", default: "")
        key = isAnonymous ? nil : "table/\(container)/\(shared.isEmpty ? reader.node.name : shared)"
    }

    var acceptsObjects: Bool { true }
    /// An anonymous table is another one in each run.
    var effects: Effects { key == nil ? .random : [] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(kind == .dense ? 1...2 : 0...0)
        // A key that is no scalar changes the shape of what is found in a way that only the table knows.
        let hasScalarKeys = kind == .dense ? try inputs.tensor(0).shape?.rank == 0 : true
        let shape = hasScalarKeys ? SymbolicShape(valueShape) : nil
        return [ValueFact(.resource(.table(key: keyType, value: TensorType(valueType, shape))))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        var keyShape = Shape.scalar, forbidden: [ElementKey] = []
        for index in context.inputs.indices {
            let list = try context.elements(index)
            guard list.elementType == keyType else {
                throw OperatorError.invalidInput(index: index, reason: "is of type \(list.elementType), the keys are \(keyType)")
            }
            guard list.count > 0, list.count == 1 || keyType != .string else {
                throw OperatorError.unsupported("a table whose keys have shape \(list.shape)")
            }
            guard forbidden.isEmpty || list.shape == keyShape else {
                throw OperatorError.invalidInput(index: index, reason: "has shape \(list.shape), the empty key \(keyShape)")
            }
            keyShape = list.shape
            forbidden.append(TableKeys.key(list, 0, width: list.count))
        }
        let empty = TableContents(keyType: keyType, keyShape: keyShape, valueType: valueType, valueShape: valueShape)
        let make = { LookupTable(kind: kind, empty, forbidden: forbidden, allowance: context.resources.allowance) }
        guard let key else { return [.resource(make())] }
        let table = try context.resources.resource(key, make: make)
        let types = table.blank
        guard types.keyType == keyType, types.keyShape == keyShape, types.valueType == valueType, types.valueShape == valueShape else {
            throw OperatorError.invalidValue("the table \"\(key)\" has other types elsewhere in the model")
        }
        return [.resource(table)]
    }

    static let spellings: [OperatorSpelling] =
        make(["HashTable", "HashTableV2"], .fixed) + make(["AnonymousHashTable"], .fixed, isAnonymous: true)
        + make(
            ["MutableHashTable", "MutableHashTableV2", "MutableHashTableOfTensors", "MutableHashTableOfTensorsV2"], .mutable)
        + make(["AnonymousMutableHashTable", "AnonymousMutableHashTableOfTensors"], .mutable, isAnonymous: true)
        + make(["MutableDenseHashTable", "MutableDenseHashTableV2"], .dense)
        + make(["AnonymousMutableDenseHashTable"], .dense, isAnonymous: true)

    private static func make(_ names: [String], _ kind: LookupTable.Kind, isAnonymous: Bool = false) -> [OperatorSpelling] {
        names.map { name in
            .tensorFlow(name) { reader throws(OperatorError) in try TableHandle(name, kind, isAnonymous: isAnonymous, reader) }
        }
    }
}
