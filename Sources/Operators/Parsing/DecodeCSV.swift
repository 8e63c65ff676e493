import GraphIR
import Tensors

/// Lines of comma-separated fields as one tensor for each column.
///
/// - Shapes: records: string [A…]; for each column a default, [] or [1], or an empty list when the field is required → [A…] each.
/// - Source: TensorFlow operator DecodeCSV (RFC 4180, but for line ends inside of fields without quotes).
struct DecodeCSV: DynamicOperator {
    private let types: [ElementType]
    private let separator: UInt8
    private let hasQuotes: Bool
    private let missing: [UInt8]
    private let columns: [Int]

    init(_ reader: AttributeReader) throws(OperatorError) {
        var types: [ElementType] = []
        for type in try reader.types("OUT_TYPE") ?? [] {
            guard let element = type.tensor?.elementType, [.float32, .float64, .int32, .int64, .string].contains(element) else {
                throw .invalidAttribute(name: "OUT_TYPE", reason: "names \(type), which no field is")
            }
            types.append(element)
        }
        self.types = types
        let delimiter = Array(try reader.string("field_delim", default: ",").utf8)
        guard delimiter.count == 1 else { throw .invalidAttribute(name: "field_delim", reason: "should be only 1 char") }
        separator = delimiter[0]
        hasQuotes = try reader.flag("use_quote_delim", default: true)
        missing = Array(try reader.string("na_value", default: "").utf8)
        columns = try reader.integers("select_cols") ?? []
        guard columns.isEmpty || columns.count == types.count else {
            throw .invalidAttribute(name: "select_cols", reason: "should match output size")
        }
        guard zip(columns, columns.dropFirst()).allSatisfy(<), columns.first ?? 0 >= 0 else {
            throw .invalidAttribute(name: "select_cols", reason: "should be strictly increasing indices")
        }
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(types.count + 1...types.count + 1)
        let shape = try inputs.text(0).shape
        for (number, type) in types.enumerated() where try inputs.tensor(number + 1).elementType != type {
            throw .invalidInput(index: number + 1, reason: "is no default of type \(type)")
        }
        return types.map { ValueFact($0, shape) }
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let records = try context.strings(0)
        var defaults: [ElementList] = []
        for index in types.indices {
            let list = try context.elements(index + 1)
            guard list.count <= 1 else {
                throw OperatorError.invalidInput(
                    index: index + 1, reason: "There should only be 1 default per field but field \(index) has \(list.count)")
            }
            defaults.append(list)
        }
        let byteCount = records.elements.reduce(0) { ByteCount.sum($0, $1.count) }
        let cells = ByteCount.product(records.elements.count, types.count)
        return try context.withScratch(ByteCount.sum(byteCount, ByteCount.product(cells, 64))) { () throws(OperatorError) in
            var fields = [[[UInt8]?]](repeating: [], count: types.count)
            for (number, record) in records.elements.enumerated() {
                let found = try self.fields(record)
                guard found.count == types.count else {
                    throw .invalidValue("Expect \(types.count) fields but have \(found.count) in record \(number)")
                }
                for (column, field) in found.enumerated() { fields[column].append(field.isEmpty || field == missing ? nil : field) }
            }
            var outputs: [RuntimeValue] = []
            for (column, type) in types.enumerated() {
                let field = Column(number: column, fields: fields[column], blank: defaults[column], shape: records.shape, context: context)
                outputs.append(try field.tensor(type))
            }
            return outputs
        }
    }

    /// The fields of a record that are wanted.
    private func fields(_ record: [UInt8]) throws(OperatorError) -> [[UInt8]] {
        guard !record.isEmpty else { return [] }
        var fields: [[UInt8]] = [], position = 0, column = 0
        while true {
            let field = try field(record, &position)
            if columns.isEmpty || columns.contains(column) { fields.append(field) }
            column += 1
            guard position < record.count else { break }
            position += 1
            // A separator at the end has an empty field behind it.
            if position == record.count {
                if columns.isEmpty || columns.contains(column) { fields.append([]) }
                break
            }
        }
        return fields
    }

    /// The field at `position`, which comes to stand at the separator behind it or at the end.
    private func field(_ record: [UInt8], _ position: inout Int) throws(OperatorError) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        guard hasQuotes, position < record.count, record[position] == quote else {
            let start = position
            while position < record.count, record[position] != separator {
                let isLineEnd = record[position] == UInt8(ascii: "\n") || record[position] == UInt8(ascii: "\r")
                guard !isLineEnd, !hasQuotes || record[position] != quote else {
                    throw .invalidValue("Unquoted fields cannot have quotes/CRLFs inside")
                }
                position += 1
            }
            return Array(record[start..<position])
        }
        var field: [UInt8] = []
        position += 1
        while position < record.count {
            let byte = record[position]
            if byte == quote {
                let next = position + 1 < record.count ? record[position + 1] : separator
                guard next != separator else {
                    position += 1
                    return field
                }
                guard next == quote else { throw .invalidValue("Quote inside a string has to be escaped by another quote") }
                position += 1
            }
            field.append(byte)
            position += 1
        }
        throw .invalidValue("Quoted field has to end with quote followed by delim or end")
    }

    /// The fields of one column; nil where there is nothing.
    private struct Column {
        let number: Int
        let fields: [[UInt8]?]
        let blank: ElementList
        let shape: Shape
        let context: EvaluationContext

        func tensor(_ type: ElementType) throws(OperatorError) -> RuntimeValue {
            switch type {
            case .float32: return try numbers("float") { NumberText.float($0) }
            case .float64: return try numbers("double") { NumberText.double($0) }
            case .int32: return try numbers("int32") { NumberText.integer($0, Int32.self) }
            case .int64: return try numbers("int64") { NumberText.integer($0, Int64.self) }
            default:
                var texts: [[UInt8]] = []
                for (record, field) in fields.enumerated() {
                    guard case .strings(let blank) = blank, let text = field ?? blank.elements.first else { throw required(record) }
                    texts.append(text)
                }
                return .strings(StringTensor(shape: shape, elements: texts))
            }
        }

        private func required(_ record: Int) -> OperatorError {
            .invalidValue("Field \(number) is required but missing in record \(record)!")
        }

        private func numbers<Value: TensorScalar>(
            _ typeName: String, _ convert: (ArraySlice<UInt8>) -> Value?
        ) throws(OperatorError) -> RuntimeValue {
            var values: [Value] = []
            for (record, field) in fields.enumerated() {
                if let field {
                    guard let value = convert(field.trimmed) else {
                        throw .invalidValue("Field \(number) in record \(record) is not a valid \(typeName): \(OperatorError.shown(field))")
                    }
                    values.append(value)
                } else {
                    guard case .dense(let blank) = blank, blank.elementType == Value.elementType,
                        let value = blank.values(Value.self).first
                    else { throw required(record) }
                    values.append(value)
                }
            }
            return try context.tensor(values, shape)
        }
    }
}
