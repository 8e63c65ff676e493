import GraphIR
import Tensors

/// Fills a table from the lines of a text file among the model's assets.
///
/// - Attributes: key and value are columns of a line from 0 on, −1 the number of the line, −2 the whole line; `vocab_size` lines
///   are read, all when it is −1; `offset` is added to line numbers.
/// - Source: TensorFlow operators InitializeTableFromTextFile and InitializeTableFromTextFileV2.
struct TableFile: DynamicOperator {
    private let keyIndex: Int
    private let valueIndex: Int
    private let lineCount: Int
    private let delimiter: [UInt8]
    private let offset: Int

    private static let lineNumber = -1
    private static let wholeLine = -2

    init(_ reader: AttributeReader) throws(OperatorError) {
        keyIndex = try reader.integer("key_index", default: Self.wholeLine)
        valueIndex = try reader.integer("value_index", default: Self.lineNumber)
        lineCount = try reader.integer("vocab_size", default: -1)
        delimiter = Array(try reader.string("delimiter", default: "\t").utf8)
        offset = try reader.integer("offset", default: 0)
        guard keyIndex >= Self.wholeLine, valueIndex >= Self.wholeLine, max(keyIndex, valueIndex) < Int(Int32.max) else {
            throw .invalidAttribute(name: "key_index", reason: "is \(keyIndex) and value_index \(valueIndex), expected at least -2")
        }
        guard delimiter.count == 1 else { throw .invalidAttribute(name: "delimiter", reason: "must be one character") }
    }

    var name: String { "InitializeTableFromTextFileV2" }
    var acceptsObjects: Bool { true }
    var effects: Effects { .writesResource }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        _ = try inputs.table(0)
        _ = try inputs.text(1)
        return []
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let table = try context.table(), types = table.blank
        try AssetFile(context, 1).withBytes(context) { bytes, path throws(OperatorError) in
            // Keys and values as strings or 64-bit numbers.
            let keys = Column(index: keyIndex, type: types.keyType), values = Column(index: valueIndex, type: types.valueType)
            var lines = LineSequence(bytes: bytes), number = 0
            while lineCount < 0 || number < lineCount, let line = lines.next() {
                if number % 4096 == 0 { try context.checkStop() }
                guard !line.isEmpty else { throw .invalidValue("Invalid content in \(path): empty line found at line \(number)") }
                var tokens: [[UInt8]] = []
                let wanted = max(keyIndex, valueIndex)
                if wanted >= 0 {
                    tokens = line.split(separator: delimiter[0], omittingEmptySubsequences: false).map(Array.init)
                    guard tokens.count > wanted else {
                        throw .invalidValue(
                            "Invalid number of columns in \(path) line \(number) (\(OperatorError.shown(line))) : expected at least "
                                + "\(wanted + 1) got \(tokens.count)")
                    }
                }
                for column in [keys, values] { try column.append(line, tokens, number &+ offset, path) }
                number += 1
            }
            guard lineCount < 0 || number == lineCount else {
                throw .invalidValue("Invalid vocab_size in \(path): expected \(lineCount) but got \(number)")
            }
            let outcome: Result<Void, OperatorError> = keys.withList { keys in
                values.withList { values in Result { () throws(OperatorError) in try table.fill(keys, values, count: number) } }
            }
            try outcome.get()
        }
        return []
    }

    /// One side of the entries as it is collected.
    private final class Column {
        let index: Int
        let type: ElementType
        private var texts: [[UInt8]] = []
        private var bytes: [UInt8] = []
        private var count = 0

        init(index: Int, type: ElementType) {
            self.index = index
            self.type = type
        }

        func append(_ line: [UInt8], _ tokens: [[UInt8]], _ number: Int, _ path: String) throws(OperatorError) {
            count += 1
            if index == TableFile.lineNumber {
                guard type == .int64 else { throw .invalidValue("a line number needs a table of int64, not of \(type)") }
                add(Int64(number))
                return
            }
            let text = index == TableFile.wholeLine ? line : tokens[index]
            switch type {
            case .string: texts.append(text)
            case .int64: try add(NumberText.integer(text.trimmed, Int64.self), text, path)
            case .int32: try add(NumberText.integer(text.trimmed, Int32.self), text, path)
            case .float32: try add(NumberText.float(text.trimmed), text, path)
            case .float64: try add(NumberText.double(text.trimmed), text, path)
            case let other: throw .unsupported("a table of \(other) from a file")
            }
        }

        private func add(_ value: (some BitwiseCopyable)?, _ text: [UInt8], _ path: String) throws(OperatorError) {
            guard let value else { throw .invalidValue("Field \(OperatorError.shown(text)) in \(path) is not a valid \(type)") }
            add(value)
        }

        private func add(_ value: some BitwiseCopyable) { withUnsafeBytes(of: value) { bytes += $0 } }

        func withList<Result>(_ body: (ElementList) -> Result) -> Result {
            if type == .string { return body(.strings(StringTensor(shape: [count], elements: texts))) }
            // A reserved byte gives an empty list an address.
            return (bytes + [0]).withUnsafeBytes { buffer in
                guard let base = buffer.baseAddress else { return body(.strings(StringTensor(shape: [0], elements: []))) }
                return body(.dense(TensorView(TensorSpec(type, [count]), base)))
            }
        }
    }
}

/// The lines of a text, without what ends them.
private struct LineSequence {
    let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func next() -> [UInt8]? {
        guard position < bytes.count else { return nil }
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
        defer { position += 1 }
        return bytes[start..<position].filter { $0 != UInt8(ascii: "\r") }
    }
}
