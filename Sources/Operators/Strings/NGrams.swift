import GraphIR
import Tensors

/// Runs of neighbouring strings of each row, joined.
///
/// - Shapes: data: string [values], row splits [rows + 1] of int32 or int64 → n-grams string [count], their row splits. Rows may
///   be padded on both sides, by at most one less than the width of the n-gram.
/// - Source: TensorFlow operator StringNGrams.
struct StringNGrams: DynamicOperator {
    private let separator: [UInt8]
    private let widths: [Int]
    private let leftPad: [UInt8]
    private let rightPad: [UInt8]
    private let padWidth: Int
    private let preservesShort: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        separator = Array(try reader.string("separator", default: "").utf8)
        leftPad = Array(try reader.string("left_pad", default: "").utf8)
        rightPad = Array(try reader.string("right_pad", default: "").utf8)
        padWidth = try reader.integer("pad_width", default: 0)
        preservesShort = try reader.flag("preserve_short_sequences", default: false)
        widths = try reader.integers("ngram_widths") ?? []
        guard widths.allSatisfy({ $0 > 0 && $0 <= Int(Int32.max) }), padWidth <= Int(Int32.max) else {
            throw .invalidAttribute(name: "ngram_widths", reason: "must contain positive values")
        }
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        _ = try inputs.text(0)
        let splits = try inputs.integers(1)
        return [.list(.string), ValueFact(splits.elementType, splits.shape)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let data = try context.strings(0).elements, splits = try context.integers(1)
        let type = try context.required(1).elementType
        if !splits.isEmpty { try RowSplits.check(splits, valueCount: data.count, input: 1) }
        let builder = try TextBuilder(context)
        var results: [Int] = splits.isEmpty ? [] : [0]
        for row in splits.indices.dropFirst() {
            try context.checkStop()
            let start = splits[row - 1], count = splits[row] - start
            if !data.isEmpty { try write(data, start, count, to: builder) }
            results.append(builder.count)
        }
        return [try builder.list(), try context.integers(results, type)]
    }

    private func write(_ data: [[UInt8]], _ start: Int, _ count: Int, to builder: TextBuilder) throws(OperatorError) {
        var isEmpty = true
        for width in widths {
            let padding = self.padding(width)
            let gramCount = max(0, count + 2 * padding - width + 1)
            if gramCount > 0 { isEmpty = false }
            for gram in 0..<gramCount {
                let left = max(0, padding - gram), right = max(0, padding - (gramCount - gram - 1))
                let first = left > 0 ? 0 : gram - padding
                try append(data[(start + first)..<(start + first + width - left - right)], left, right, to: builder)
            }
        }
        guard preservesShort, isEmpty, count > 0 else { return }
        guard padWidth >= 0 else {
            throw .invalidAttribute(name: "pad_width", reason: "should be >= 0 when preserve_short_sequences is true, got \(padWidth)")
        }
        try append(data[start..<start + count], padWidth, padWidth, to: builder)
    }

    private func padding(_ width: Int) -> Int { padWidth < 0 ? width - 1 : min(padWidth, width - 1) }

    private func append(_ texts: ArraySlice<[UInt8]>, _ left: Int, _ right: Int, to builder: TextBuilder) throws(OperatorError) {
        let pieceCount = left + right + texts.count
        let byteCount = ByteCount.sum(
            ByteCount.product(pieceCount, separator.count), ByteCount.product(left, leftPad.count),
            ByteCount.product(right, rightPad.count), texts.reduce(0) { ByteCount.sum($0, $1.count) })
        try builder.charge(byteCount)
        var gram: [UInt8] = []
        gram.reserveCapacity(byteCount)
        for piece in 0..<pieceCount {
            if piece > 0 { gram += separator }
            if piece < left {
                gram += leftPad
            } else if piece < left + texts.count {
                gram += texts[texts.startIndex + piece - left]
            } else {
                gram += rightPad
            }
        }
        try builder.append(gram)
    }
}

/// Where the rows of a ragged tensor begin and end in its values.
enum RowSplits {
    /// Refuses splits that do not begin at 0, descend, or do not end with the values.
    static func check(_ splits: [Int], valueCount: Int, input: Int) throws(OperatorError) {
        guard let first = splits.first, let last = splits.last else {
            throw .invalidInput(index: input, reason: "is empty, expected row splits")
        }
        guard first == 0 else { throw .invalidInput(index: input, reason: "first split value must be 0, got \(first)") }
        for (left, right) in zip(splits, splits.dropFirst()) where right < left {
            throw .invalidInput(index: input, reason: "splits descend from \(left) to \(right)")
        }
        guard last == valueCount else {
            throw .invalidInput(index: input, reason: "last split value must be data size. Expected \(valueCount), got \(last)")
        }
    }
}
