import GraphIR
import Tensors

/// Strings split into pieces, as a sparse tensor.
///
/// - Shapes: string [rows], separator: string [] → indices int64 [pieces, 2], pieces string [pieces], shape int64 [2], where the
///   second extent is the largest number of pieces of a row.
/// - Source: TensorFlow operators StringSplit and StringSplitV2.
struct SplitText: DynamicOperator {
    enum Rule: Sendable {
        /// StringSplit: each byte of the separator splits; without one every byte is a piece.
        case anyByte(skipsEmpty: Bool)
        /// StringSplitV2: the separator splits as a whole; without one runs of white space do. A negative limit is none.
        case whole(limit: Int)
    }

    let name: String
    let rule: Rule

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let texts = try inputs.text(0)
        _ = try inputs.text(1)
        if let shape = texts.shape, shape.rank != 1 {
            throw .invalidInput(index: 0, reason: "has shape \(shape), expected a list of strings")
        }
        return [
            ValueFact(.int64, SymbolicShape([.unknown, .known(2)])), .list(.string), ValueFact(.int64, SymbolicShape([.known(2)])),
        ]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.compacted) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0), separator = try context.text(1)
        guard texts.shape.rank == 1 else {
            throw OperatorError.invalidInput(index: 0, reason: "has shape \(texts.shape), expected a list of strings")
        }
        let pieces = try TextBuilder(context, capacity: texts.elements.count)
        var counts: [Int] = []
        for text in texts.elements {
            let before = pieces.count
            try split(text, separator, pieces)
            counts.append(pieces.count - before)
        }
        let indices = try context.makeTensor(TensorSpec(.int64, [pieces.count, 2])) { bytes in
            let table = bytes.bindMemory(to: Int64.self)
            var place = 0
            for (row, count) in counts.enumerated() {
                for column in 0..<count {
                    table[place] = Int64(row)
                    table[place + 1] = Int64(column)
                    place += 2
                }
            }
        }
        return [.tensor(indices), try pieces.list(), try context.integers([counts.count, counts.max() ?? 0])]
    }

    private func split(_ text: [UInt8], _ separator: [UInt8], _ pieces: TextBuilder) throws(OperatorError) {
        switch rule {
        case .anyByte(let skipsEmpty): try Self.split(text, byAnyOf: separator, skipsEmpty, pieces)
        case .whole(0): try pieces.append(text)
        case .whole(let limit) where separator.isEmpty: try Self.splitAtSpace(text, limit, pieces)
        case .whole(let limit): try Self.split(text, by: separator, limit, pieces)
        }
    }

    private static func split(
        _ text: [UInt8], byAnyOf separators: [UInt8], _ skipsEmpty: Bool, _ pieces: TextBuilder
    ) throws(OperatorError) {
        guard !separators.isEmpty else {
            for byte in text { try pieces.append([byte]) }
            return
        }
        guard !text.isEmpty else { return }
        var start = 0
        for position in 0...text.count where position == text.count || separators.contains(text[position]) {
            if position > start || !skipsEmpty { try pieces.append(text[start..<position]) }
            start = position + 1
        }
    }

    private static func splitAtSpace(_ text: [UInt8], _ limit: Int, _ pieces: TextBuilder) throws(OperatorError) {
        var position = 0, count = 0
        func skipSpace() { while position < text.count, text[position].isSpace { position += 1 } }
        skipSpace()
        while position < text.count {
            let start = position
            while position < text.count, !text[position].isSpace { position += 1 }
            // A text that is one piece is shared.
            if start == 0, position == text.count { try pieces.append(text) } else { try pieces.append(text[start..<position]) }
            skipSpace()
            count += 1
            if count == limit {
                try pieces.append(text[position...])
                return
            }
        }
    }

    private static func split(
        _ text: [UInt8], by separator: [UInt8], _ limit: Int, _ pieces: TextBuilder
    ) throws(OperatorError) {
        var start = 0, position = 0, count = 0
        while position + separator.count <= text.count {
            guard text[position] == separator[0], text[position..<position + separator.count].elementsEqual(separator) else {
                position += 1
                continue
            }
            try pieces.append(text[start..<position])
            position += separator.count
            start = position
            count += 1
            if count == limit { break }
        }
        if start == 0 { try pieces.append(text) } else { try pieces.append(text[start...]) }
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("StringSplit") { reader throws(OperatorError) in
            SplitText(name: "StringSplit", rule: .anyByte(skipsEmpty: try reader.flag("skip_empty", default: true)))
        },
        .tensorFlow("StringSplitV2") { reader throws(OperatorError) in
            SplitText(name: "StringSplitV2", rule: .whole(limit: try reader.integer("maxsplit", default: -1)))
        },
    ]
}

extension UInt8 {
    /// Whether the byte is white space in ASCII.
    var isSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}

extension [UInt8] {
    /// The text without white space at both ends.
    var trimmed: ArraySlice<UInt8> {
        guard let first = firstIndex(where: { !$0.isSpace }), let last = lastIndex(where: { !$0.isSpace }) else { return [] }
        return self[first...last]
    }
}
