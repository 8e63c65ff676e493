import GraphIR
import Tensors

/// The code points of texts, as a ragged tensor.
///
/// - Shapes: string [A…] with n texts → row splits [n + 1] (int32 or int64), code points int32 [count] and, with offsets, the byte
///   at which each begins, int64 [count].
struct UnicodeDecode: DynamicOperator {
    private let encoding: String
    private let malformed: MalformedText
    private let splitsType: ElementType
    private let givesOffsets: Bool

    init(_ reader: AttributeReader, givesOffsets: Bool) throws(OperatorError) {
        encoding = try reader.string("input_encoding", default: "UTF-8")
        malformed = try MalformedText(reader)
        splitsType = try reader.elementType("Tsplits", default: .int64, of: [.int32, .int64])
        self.givesOffsets = givesOffsets
        _ = try TextDecoder(encoding)
    }

    var name: String { givesOffsets ? "UnicodeDecodeWithOffsets" : "UnicodeDecode" }
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        _ = try inputs.text(0)
        return [.list(splitsType), .list(.int32)] + (givesOffsets ? [.list(.int64)] : [])
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.compacted) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0).elements
        let byteCount = texts.reduce(0) { ByteCount.sum($0, $1.count) }
        // At most one character a byte; arrays grow by doubling.
        return try context.withScratch(ByteCount.product(byteCount, givesOffsets ? 24 : 8)) { () throws(OperatorError) in
            let decoder = try TextDecoder(encoding)
            var splits = [0], characters: [Int32] = [], offsets: [Int64] = []
            for text in texts {
                var position = 0
                try decoder.forEach(text) { character, byteCount, isMalformed throws(OperatorError) in
                    if let character = try malformed.resolved(character, isMalformed: isMalformed) {
                        characters.append(character)
                        if givesOffsets { offsets.append(Int64(position)) }
                    }
                    position += byteCount
                }
                splits.append(characters.count)
            }
            let results = [try context.integers(splits, splitsType), try context.list(characters)]
            return givesOffsets ? results + [try context.list(offsets)] : results
        }
    }
}

/// Texts of code points.
///
/// - Shapes: int32 [count], row splits [n + 1] → string [n].
struct UnicodeEncode: DynamicOperator {
    private let encoding: TextEncoding
    private let malformed: MalformedText

    init(_ reader: AttributeReader) throws(OperatorError) {
        encoding = try reader.choice("output_encoding", default: .utf8)
        malformed = try MalformedText(reader)
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        try inputs.integers(0)
        try inputs.integers(1)
        return [.list(.string)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let points = try context.required(0), splits = try context.integers(1)
        guard points.elementType == .int32 else {
            throw OperatorError.invalidInput(index: 0, reason: "is \(points.spec), expected int32")
        }
        try RowSplits.check(splits, valueCount: points.elementCount, input: 1)
        let values = points.baseAddress.assumingMemoryBound(to: Int32.self)
        let builder = try TextBuilder(context, capacity: splits.count - 1)
        let replacement = Unicode.Scalar(UInt32(malformed.replacement)) ?? "\u{FFFD}"
        for (start, end) in zip(splits, splits.dropFirst()) {
            var text: [UInt8] = []
            for place in start..<end {
                if let scalar = UInt32(exactly: values[place]).flatMap(Unicode.Scalar.init) {
                    encoding.append(scalar, to: &text)
                } else {
                    switch malformed.policy {
                    case .strict:
                        throw OperatorError.invalidValue("Code point is out of range for Unicode, or is a surrogate.")
                    case .replace: encoding.append(replacement, to: &text)
                    case .ignore: break
                    }
                }
            }
            try builder.append(text)
        }
        return [try builder.list()]
    }
}

/// Texts in another encoding.
///
/// - Shapes: string [A…] → string [A…].
struct UnicodeTranscode: DynamicOperator {
    private let input: String
    private let output: TextEncoding
    private let malformed: MalformedText

    init(_ reader: AttributeReader) throws(OperatorError) {
        input = try reader.string("input_encoding", default: "UTF-8")
        output = try reader.choice("output_encoding", default: .utf8)
        malformed = try MalformedText(reader)
        _ = try TextDecoder(input)
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(.string, try inputs.text(0).shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        // Other encodings may keep a byte order from one text to the next.
        TextDecoder.isUTF8(input) ? inputs.elementwise() : .mixed(RowReason.joined)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0), decoder = try TextDecoder(input)
        let builder = try TextBuilder(context, capacity: texts.elements.count)
        for text in texts.elements {
            var result: [UInt8] = []
            try decoder.forEach(text) { character, _, isMalformed throws(OperatorError) in
                guard let character = try malformed.resolved(character, isMalformed: isMalformed) else { return }
                output.append(UInt32(exactly: character).flatMap(Unicode.Scalar.init) ?? "\u{FFFD}", to: &result)
            }
            try builder.append(result)
        }
        return [try builder.tensor(texts.shape)]
    }
}
