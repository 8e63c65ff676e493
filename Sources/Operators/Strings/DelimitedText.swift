import GraphIR
import Tensors

/// Strings split into pieces, padded with empty strings to as many pieces as the string with the most has.
///
/// - Shapes: string [A…] → pieces string [A…, largest count], counts int64 [A…]. Without a delimiter runs of white space (ASCII's)
///   split and stand at no end of a piece; a delimiter splits as a whole and leaves empty pieces between two of it.
/// - `maxsplit` ends the splitting: what is left is the last piece. Negative or absent, there is no end.
/// - Source: ONNX operator StringSplit, opset 20.
struct DelimitedText: DynamicOperator {
    let delimiter: [UInt8]
    /// The greatest number of splits.
    let limit: Int

    init(_ reader: AttributeReader) throws(OperatorError) {
        delimiter = Array(try reader.string("delimiter", default: "").utf8)
        let limit = try reader.integer("maxsplit", default: -1)
        self.limit = limit < 0 ? .max : limit
    }

    var name: String { "StringSplit" }
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let shape = try inputs.text(0).shape
        if let shape, shape.rank >= Shape.maximumRank {
            throw .invalidInput(
                index: 0, reason: "has rank \(shape.rank), so that the pieces' rank would be over \(Shape.maximumRank)")
        }
        return [
            ValueFact(.string, shape.map { SymbolicShape($0.dimensions + [.unknown]) }), ValueFact(.int64, shape),
        ]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.compacted) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0)
        let pieces = try TextBuilder(context, capacity: texts.elements.count)
        // Each element's pieces lie between two of these places.
        let scratch = ByteCount.of(Int.self, ByteCount.product(texts.elements.count, 3))
        return try context.withScratch(scratch) { () throws(OperatorError) in
            var ends: [Int] = []
            var found: [[UInt8]] = []
            ends.reserveCapacity(texts.elements.count)
            for text in texts.elements {
                try context.checkStop()
                try split(text, pieces, &found)
                ends.append(found.count)
            }
            return try padded(found, ends, texts.shape, context)
        }
    }

    private func padded(
        _ pieces: [[UInt8]], _ ends: [Int], _ shape: Shape, _ context: EvaluationContext
    ) throws(OperatorError) -> [RuntimeValue] {
        var counts: [Int] = []
        counts.reserveCapacity(ends.count)
        for place in ends.indices { counts.append(ends[place] - (place == 0 ? 0 : ends[place - 1])) }
        let width = counts.max() ?? 0
        let result = try Shape(checked: shape.extents + [width], what: "the table of pieces")
        let builder = try TextBuilder(context, capacity: result.elementCount)
        for (place, count) in counts.enumerated() {
            for piece in 0..<count { try builder.append(pieces[ends[place] - count + piece]) }
            for _ in count..<width { try builder.append([UInt8]()) }
        }
        return [try builder.tensor(result), try context.integers(counts, shape)]
    }

    /// Appends the pieces of `text`, whose bytes are charged to `charge`.
    private func split(_ text: [UInt8], _ charge: TextBuilder, _ pieces: inout [[UInt8]]) throws(OperatorError) {
        func append(_ piece: ArraySlice<UInt8>) throws(OperatorError) {
            try charge.charge(piece.count + MemoryLayout<[UInt8]>.stride)
            // A text that is one piece is shared.
            pieces.append(piece.count == text.count ? text : Array(piece))
        }
        if delimiter.isEmpty {
            try splitAtSpace(text, append)
        } else {
            try splitAtDelimiter(text, append)
        }
    }

    private func splitAtSpace(
        _ text: [UInt8], _ append: (ArraySlice<UInt8>) throws(OperatorError) -> Void
    ) throws(OperatorError) {
        var position = 0, count = 0
        func skipSpace() { while position < text.count, text[position].isSpace { position += 1 } }
        skipSpace()
        while position < text.count {
            let start = position
            guard count < limit else {
                try append(text[start...])
                return
            }
            while position < text.count, !text[position].isSpace { position += 1 }
            try append(text[start..<position])
            count += 1
            skipSpace()
        }
    }

    private func splitAtDelimiter(
        _ text: [UInt8], _ append: (ArraySlice<UInt8>) throws(OperatorError) -> Void
    ) throws(OperatorError) {
        var start = 0, position = 0, count = 0
        while count < limit, position + delimiter.count <= text.count {
            guard text[position] == delimiter[0], text[position..<position + delimiter.count].elementsEqual(delimiter) else {
                position += 1
                continue
            }
            try append(text[start..<position])
            position += delimiter.count
            start = position
            count += 1
        }
        try append(text[start...])
    }
}
