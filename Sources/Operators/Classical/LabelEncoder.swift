import GraphIR
import Tensors

/// Each element replaced by the value that its key has in a table, or by a default.
///
/// - Shapes: [A…] of the keys' type → [A…] of the values' type: strings, int64, int32, int16, float32 or float64.
/// - Keys are compared by value, from opset 4 NaN with NaN, before that NaN is nobody's key; of equal keys the last one counts.
/// - Source: ONNX operator ai.onnx.ml LabelEncoder, opset 2 and 4.
struct LabelEncoder: DynamicOperator {
    private static let types: Set<ElementType> = [.string, .int64, .int32, .int16, .float32, .float64]

    private let keyType: ElementType
    private let places: [ElementKey: Int]
    private let values: ValueTable

    init(_ reader: AttributeReader) throws(OperatorError) {
        let keys = try Self.list(reader, "keys"), values = try Self.list(reader, "values")
        guard keys.shape.elementCount == values.shape.elementCount else {
            throw .invalidAttribute(
                name: "values_*", reason: "has \(values.shape.elementCount) elements for \(keys.shape.elementCount) keys")
        }
        keyType = keys.elementType
        self.values = try ValueTable(values, default: try Self.fallback(reader, values.elementType))
        let matchesNaN = reader.version >= 4
        places = keys.withElements { list in
            var places: [ElementKey: Int] = [:]
            for place in 0..<list.count where matchesNaN || !list.isNaN(place) { places[list.labelKey(place)] = place }
            return places
        }
    }

    /// The one list among the attributes that begin with `prefix`.
    private static func list(_ reader: AttributeReader, _ prefix: String) throws(OperatorError) -> TensorValue {
        var found: [TensorValue] = []
        if let tensor = try reader.tensorValue(prefix + "_tensor") { found.append(tensor) }
        if let texts = try reader.strings(prefix + "_strings"), !texts.isEmpty { found.append(.texts(texts)) }
        if let numbers = try reader.integers(prefix + "_int64s"), !numbers.isEmpty {
            found.append(.dense(Tensor(numbers.map(Int64.init), shape: [numbers.count])))
        }
        if let numbers = try reader.floats(prefix + "_floats"), !numbers.isEmpty {
            found.append(.dense(Tensor(numbers, shape: [numbers.count])))
        }
        guard let list = found.first, found.count == 1 else {
            throw .invalidAttribute(name: prefix + "_*", reason: "is there \(found.count) times, expected one list")
        }
        guard types.contains(list.elementType) else { throw .unsupported("\(list.elementType) in \(prefix)_tensor") }
        return list
    }

    private static func fallback(_ reader: AttributeReader, _ type: ElementType) throws(OperatorError) -> TensorValue {
        if let value = try reader.tensorValue("default_tensor") {
            guard value.elementType == type, value.shape.elementCount == 1 else {
                throw .invalidAttribute(name: "default_tensor", reason: "is \(value.spec), expected one element of type \(type)")
            }
            return value
        }
        switch type {
        case .string: return .texts([try reader.string("default_string", default: "_Unused")])
        case .int64: return .dense(Tensor([Int64(try reader.integer("default_int64", default: -1))], shape: [1]))
        case .int32: return .dense(Tensor([Int32(-1)], shape: [1]))
        case .int16: return .dense(Tensor([Int16(-1)], shape: [1]))
        case .float64: return .dense(Tensor([Double(try reader.float("default_float", default: -0.0))], shape: [1]))
        default: return .dense(Tensor([try reader.float("default_float", default: -0.0)], shape: [1]))
        }
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let type = try inputs.tensor(0)
        guard type.elementType == keyType else {
            throw .invalidInput(index: 0, reason: "is \(type), the keys are of type \(keyType)")
        }
        return [ValueFact(values.elementType, type.shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let elements = try context.elements(0)
        guard elements.elementType == keyType else {
            throw OperatorError.invalidInput(index: 0, reason: "is \(elements.elementType), the keys are of type \(keyType)")
        }
        return [try values.looked(up: elements, context) { places[elements.labelKey($0)] }]
    }
}

/// Strings and integers that stand for each other; which way a node goes follows from the type of its input.
///
/// - Shapes: string [A…] → int64 [A…], or int64 [A…] → string [A…]. What stands for nothing gives a default.
/// - Source: ONNX operators ai.onnx.ml LabelEncoder, opset 1, where a string's number is its place in the list, and CategoryMapper.
struct TextNumbering: DynamicOperator {
    let name: String
    private let numbers: ValueTable
    private let texts: ValueTable
    private let placesOfTexts: [ElementKey: Int]
    private let placesOfNumbers: [ElementKey: Int]

    init(labels reader: AttributeReader) throws(OperatorError) {
        let texts = try reader.strings("classes_strings") ?? []
        try self.init("LabelEncoder", reader, texts, Array(texts.indices))
    }

    init(categories reader: AttributeReader) throws(OperatorError) {
        try self.init(
            "CategoryMapper", reader, try reader.strings("cats_strings") ?? [], try reader.integers("cats_int64s") ?? [])
    }

    private init(
        _ name: String, _ reader: AttributeReader, _ texts: [String], _ numbers: [Int]
    ) throws(OperatorError) {
        guard texts.count == numbers.count, !texts.isEmpty else {
            throw .invalidAttribute(
                name: "strings and integers",
                reason: "are \(texts.count) and \(numbers.count), expected equally many, at least one")
        }
        self.name = name
        let otherNumber = Int64(try reader.integer("default_int64", default: -1))
        self.numbers = try ValueTable(
            .dense(Tensor(numbers.map(Int64.init), shape: [numbers.count])), default: .dense(Tensor([otherNumber], shape: [1])))
        self.texts = try ValueTable(.texts(texts), default: .texts([try reader.string("default_string", default: "_Unused")]))
        placesOfTexts = Dictionary(texts.enumerated().map { (.text(Array($1.utf8)), $0) }) { first, _ in first }
        placesOfNumbers = Dictionary(numbers.enumerated().map { (.number(Int64($1)), $0) }) { first, _ in first }
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let type = try inputs.tensor(0)
        switch type.elementType {
        case .string: return [ValueFact(.int64, type.shape)]
        case .int64: return [ValueFact(.string, type.shape)]
        case let other: throw .unsupportedType(input: 0, found: other, supported: [.string, .int64])
        }
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let elements = try context.elements(0)
        switch elements.elementType {
        case .string: return [try numbers.looked(up: elements, context) { placesOfTexts[elements.key($0)] }]
        case .int64: return [try texts.looked(up: elements, context) { placesOfNumbers[elements.key($0)] }]
        case let other: throw OperatorError.unsupportedType(input: 0, found: other, supported: [.string, .int64])
        }
    }
}

/// The values of a table with what stands for a missing one.
private struct ValueTable: Sendable {
    private let values: TensorValue
    private let fallback: TensorValue

    /// - Parameter fallback: one element of the values' type.
    init(_ values: TensorValue, default fallback: TensorValue) throws(OperatorError) {
        guard values.elementType == fallback.elementType, fallback.shape.elementCount == 1 else {
            throw .invalidValue("the default is \(fallback.spec) for values of type \(values.elementType)")
        }
        self.values = values
        self.fallback = fallback
    }

    var elementType: ElementType { values.elementType }

    /// For each element the value at the place that `find` tells, or the default.
    func looked(
        up elements: ElementList, _ context: EvaluationContext, find: (Int) -> Int?
    ) throws(OperatorError) -> RuntimeValue {
        let count = elements.count
        return try context.withScratch(ByteCount.product(count, 16)) { () throws(OperatorError) in
            let places = (0..<count).map { place in find(place).map { (list: 0, position: $0) } ?? (list: 1, position: 0) }
            return try values.withElements { (values) throws(OperatorError) in
                try fallback.withElements { (fallback) throws(OperatorError) in
                    try ElementList.gathered([values, fallback], places, elements.shape, context)
                }
            }
        }
    }
}

extension ElementList {
    /// As `key`, but every NaN is the same.
    fileprivate func labelKey(_ position: Int) -> ElementKey {
        isNaN(position) ? .number(Int64(bitPattern: Double.nan.bitPattern)) : key(position)
    }

    fileprivate func isNaN(_ position: Int) -> Bool {
        guard case .dense(let view) = self else { return false }
        return switch view.elementType {
        case .float32: view.baseAddress.load(fromByteOffset: position * 4, as: Float.self).isNaN
        case .float64: view.baseAddress.load(fromByteOffset: position * 8, as: Double.self).isNaN
        default: false
        }
    }
}

extension TensorValue {
    fileprivate static func texts(_ texts: [String]) -> TensorValue {
        .strings(StringTensor(shape: [texts.count], elements: texts.map { Array($0.utf8) }))
    }

    /// Calls `body` with the elements, which are valid during the call.
    fileprivate func withElements<Result, Failure: Error>(
        _ body: (ElementList) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch self {
        case .strings(let tensor): return try body(.strings(tensor))
        case .dense(let tensor):
            defer { withExtendedLifetime(tensor) {} }
            return try body(.dense(tensor.view))
        }
    }
}
