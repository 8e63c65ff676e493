import GraphIR
import Tensors

/// For each row of a table a map from the names of the columns to the row's numbers.
///
/// - Shapes: float32 [rows, keys], or [keys] as one row → a sequence of maps from strings or int64 to float32.
/// - Source: ONNX operator ai.onnx.ml ZipMap.
struct ZipMap: DynamicOperator {
    private enum Keys: Sendable {
        case integers([Int64])
        case strings([[UInt8]])
    }

    private let keys: Keys

    init(_ reader: AttributeReader) throws(OperatorError) {
        let texts = try reader.strings("classlabels_strings") ?? [], numbers = try reader.integers("classlabels_int64s") ?? []
        guard texts.isEmpty != numbers.isEmpty else {
            throw .invalidAttribute(name: "classlabels_strings and classlabels_int64s", reason: "must be given one or the other")
        }
        keys = texts.isEmpty ? .integers(numbers.map(Int64.init)) : .strings(texts.map { Array($0.utf8) })
    }

    private var keyCount: Int {
        switch keys {
        case .integers(let keys): keys.count
        case .strings(let keys): keys.count
        }
    }

    private var keyType: ElementType {
        if case .integers = keys { .int64 } else { .string }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let columns = try ClassicalInput.table(try inputs.required(0, of: [.float32])).columns
        if let columns = columns.value, columns != keyCount {
            throw .invalidInput(index: 0, reason: "has \(columns) columns for \(keyCount) keys")
        }
        return [ValueFact(.sequence(.map(key: keyType, value: .tensor(TensorSpec(.float32, .scalar).type))))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let table = try context.required(0)
        guard table.elementType == .float32, (1...2).contains(table.shape.rank) else {
            throw OperatorError.invalidInput(index: 0, reason: "is \(table.spec), expected a table of float32")
        }
        let (rows, columns) = ClassicalInput.table(table.shape), numbers = table.values(Float.self)
        guard columns == keyCount else {
            throw OperatorError.invalidInput(index: 0, reason: "has \(columns) columns for \(keyCount) keys")
        }
        var maps: [RuntimeValue] = []
        for row in 0..<rows {
            try context.checkStop()
            var values: [RuntimeValue] = []
            for column in 0..<columns { values.append(try context.tensor([numbers[row * columns + column]], .scalar)) }
            switch keys {
            case .integers(let keys): maps.append(.map(.integers(zip(keys, values).map { ($0, $1) })))
            case .strings(let keys): maps.append(.map(.strings(zip(keys, values).map { ($0, $1) })))
            }
        }
        return [.sequence(maps)]
    }
}

/// A map's values, each at the place of its key in a vocabulary; 0 or the empty string where the map has none.
///
/// - Shapes: a map from strings or int64 to scalars → [1, vocabulary] of the values' type, as a table of one row. Keys that the
///   vocabulary lacks are refused.
/// - Source: ONNX operator ai.onnx.ml DictVectorizer.
struct DictVectorizer: DynamicOperator {
    private static let valueTypes: Set<ElementType> = [.string, .int64, .float32, .float64]

    private let keyType: ElementType
    private let places: [ElementKey: Int]
    private let width: Int

    init(_ reader: AttributeReader) throws(OperatorError) {
        let texts = try reader.strings("string_vocabulary") ?? [], numbers = try reader.integers("int64_vocabulary") ?? []
        guard texts.isEmpty != numbers.isEmpty else {
            throw .invalidAttribute(name: "string_vocabulary and int64_vocabulary", reason: "must be given one or the other")
        }
        keyType = texts.isEmpty ? .int64 : .string
        width = max(texts.count, numbers.count)
        let keys: [ElementKey] = texts.isEmpty ? numbers.map { .number(Int64($0)) } : texts.map { .text(Array($0.utf8)) }
        places = Dictionary(keys.enumerated().map { ($1, $0) }) { first, _ in first }
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let (key, value) = try inputs.map(0)
        guard key == keyType else { throw .invalidInput(index: 0, reason: "is a map from \(key), the vocabulary is of \(keyType)") }
        guard Self.valueTypes.contains(value) else { throw .unsupported("a map to \(value)") }
        return [ValueFact(value, [1, width])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let entries = try context.map(0)
        var values: [RuntimeValue?] = []
        try context.withScratch(ByteCount.of(RuntimeValue?.self, width)) { () throws(OperatorError) in
            values = [RuntimeValue?](repeating: nil, count: width)
            for (key, value) in entries.pairs {
                guard let place = places[key] else { throw .invalidValue("a key of the map is not in the vocabulary") }
                values[place] = value
            }
        }
        let type = try entries.valueType(among: Self.valueTypes)
        return [try context.row(values, type)]
    }
}

/// A map's values as a row, in the order of their keys or at the places that the keys say.
///
/// - Shapes: a map from int64 to float32 or strings → [1, values], or [1, max_map] with zeros or empty strings between.
/// - Source: ONNX operator ai.onnx.ml CastMap.
struct CastMap: DynamicOperator {
    /// Far more values than anybody keeps in a map.
    private static let widthLimit = 1 << 24

    enum Target: String, CaseIterable, Sendable {
        case float = "TO_FLOAT", text = "TO_STRING", integer = "TO_INT64"
    }

    enum Form: String, CaseIterable, Sendable { case dense = "DENSE", sparse = "SPARSE" }

    let target: Target
    /// The length of the row; nil when it has as many elements as the map.
    let width: Int?

    init(_ reader: AttributeReader) throws(OperatorError) {
        target = try reader.choice("cast_to", default: .float)
        guard try reader.choice("map_form", default: Form.dense) == .sparse else {
            width = nil
            return
        }
        let width = try reader.integer("max_map", default: 1)
        guard width >= 1 else { throw .invalidAttribute(name: "max_map", reason: "is \(width), expected the length of a row") }
        guard width <= Self.widthLimit else { throw .unsupported("a row of \(width) values from a map") }
        self.width = width
    }

    private var type: ElementType {
        switch target {
        case .float: .float32
        case .text: .string
        case .integer: .int64
        }
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let (key, value) = try inputs.map(0)
        guard key == .int64, value == .float32 || value == .string else {
            throw .invalidInput(index: 0, reason: "is a map from \(key) to \(value), expected one from int64 to float32 or string")
        }
        return [ValueFact(type, SymbolicShape([.known(1), width.map(Dimension.known) ?? .unknown]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let pairs = try context.map(0).pairs.sorted { $0.key < $1.key }
        let count = width ?? pairs.count
        return try context.withScratch(ByteCount.of(RuntimeValue?.self, count)) { () throws(OperatorError) in
            var values = [RuntimeValue?](repeating: nil, count: count)
            for (order, pair) in pairs.enumerated() {
                guard case .number(let key) = pair.key else { throw .invalidValue("has a key that is no integer") }
                guard let place = width == nil ? order : Int(exactly: key), values.indices.contains(place) else {
                    throw .invalidValue("has the key \(key), over max_map \(count)")
                }
                values[place] = try converted(pair.value, context)
            }
            return [try context.row(values, type)]
        }
    }

    private func converted(_ value: RuntimeValue, _ context: EvaluationContext) throws(OperatorError) -> RuntimeValue {
        let text: [UInt8]
        switch value {
        case .strings(let tensor) where tensor.elements.count == 1: text = tensor.elements[0]
        case .tensor(let tensor) where tensor.elementType == .float32 && tensor.elementCount == 1:
            let number = tensor.values(Float.self)[0]
            switch target {
            case .float: return value
            case .text: return .strings(StringTensor(shape: .scalar, elements: [PlainNumber.text(number)]))
            case .integer: return try context.tensor([try Self.integer(Double(number))], .scalar)
            }
        default: throw .invalidValue("has \(value.kind) in a map, expected a single number or string")
        }
        switch target {
        case .text: return value
        case .float: return try context.tensor([Float(try Self.number(text))], .scalar)
        case .integer:
            if let exact = NumberText.integer(text.trimmed, Int64.self) { return try context.tensor([exact], .scalar) }
            return try context.tensor([try Self.integer(try Self.number(text))], .scalar)
        }
    }

    private static func number(_ text: [UInt8]) throws(OperatorError) -> Double {
        guard let number = NumberText.double(text.trimmed) else {
            throw .invalidValue("\"\(OperatorError.shown(text))\" is no number")
        }
        return number
    }

    private static func integer(_ number: Double) throws(OperatorError) -> Int64 {
        guard let integer = Int64(exactly: number.rounded(.towardZero)) else { throw .invalidValue("\(number) is no int64") }
        return integer
    }
}

extension OperatorInputs {
    /// The types of the keys and of the values of the map that input `index` is.
    fileprivate func map(_ index: Int) throws(OperatorError) -> (key: ElementType, value: ElementType) {
        let type = try required(index).valueType
        guard case .map(let key, .tensor(let value)) = type else {
            throw .invalidInput(index: index, reason: "is \(type), expected a map to numbers or strings")
        }
        return (key, value.elementType)
    }
}

extension EvaluationContext {
    fileprivate func map(_ index: Int) throws(OperatorError) -> RuntimeMap {
        guard case .object(.map(let map)) = try value(index) else {
            throw .invalidInput(index: index, reason: "is \(try value(index).kind), expected a map")
        }
        return map
    }

    /// A tensor [1, values] of single values of type `type`, 0 or the empty string where there is none.
    fileprivate func row(_ values: [RuntimeValue?], _ type: ElementType) throws(OperatorError) -> RuntimeValue {
        let shape: Shape = [1, values.count]
        if type == .string {
            let builder = try TextBuilder(self, capacity: values.count)
            for value in values {
                guard case .strings(let text)? = value else {
                    try builder.append([UInt8]())
                    continue
                }
                try builder.append(text.elements.first ?? [])
            }
            return try builder.tensor(shape)
        }
        let result = try zeros(TensorSpec(type, shape))
        for (place, value) in values.enumerated() {
            guard let value else { continue }
            guard case .tensor(let number) = value, number.elementType == type, number.elementCount == 1 else {
                throw .invalidValue("has \(value.kind) in a map, expected a single \(type)")
            }
            number.withBytes { bytes in
                guard let source = bytes.baseAddress else { return }
                (result.storage.baseAddress + place * type.byteCount).copyMemory(from: source, byteCount: type.byteCount)
            }
        }
        return .tensor(result)
    }
}

extension RuntimeMap {
    fileprivate var pairs: [(key: ElementKey, value: RuntimeValue)] {
        switch self {
        case .integers(let entries): entries.map { (.number($0.key), $0.value) }
        case .strings(let entries): entries.map { (.text($0.key), $0.value) }
        }
    }

    /// The type of the values, which must be one of `types`; float32 where there are none.
    fileprivate func valueType(among types: Set<ElementType>) throws(OperatorError) -> ElementType {
        guard let first = pairs.first else { return .float32 }
        guard let type = first.value.elementType, types.contains(type) else {
            throw .invalidValue("has \(first.value.kind) in a map, expected a single number or string")
        }
        return type
    }
}
