import GraphIR
import Tensors

/// How often each n-gram of a pool occurs in a row of words or numbers.
///
/// - Shapes: string, int32 or int64 [n] or [rows, n] → float32 [width] or [rows, width], where width is the largest of
///   `ngram_indexes` and 1; a scalar counts as a list.
/// - The items of an n-gram stand side by side or with up to `max_skip_count` others between each two, always equally many.
/// - Modes: TF counts; IDF gives the weight of what occurs; TFIDF multiplies counts by weights. Weights stand by the position in
///   the result.
/// - Source: ONNX operator TfIdfVectorizer, opset 9.
struct TfIdfVectorizer: DynamicOperator {
    enum Mode: String, CaseIterable, Sendable { case counts = "TF", presence = "IDF", weightedCounts = "TFIDF" }

    private let mode: Mode
    private let pool: GramPool
    private let width: Int
    private let weights: [Float]
    private let lengths: ClosedRange<Int>
    private let skipLimit: Int
    private let readsText: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        guard reader.has("mode") else {
            throw .invalidAttribute(name: "mode", reason: "is missing, expected TF, IDF or TFIDF")
        }
        mode = try reader.choice("mode", default: .counts)
        let shortest = try reader.integer("min_gram_length", default: 1)
        let longest = try reader.integer("max_gram_length", default: 1)
        guard shortest >= 1, longest >= shortest else {
            throw .invalidAttribute(
                name: "min_gram_length", reason: "and max_gram_length are \(shortest) and \(longest), expected 1 ≤ min ≤ max")
        }
        lengths = shortest...longest
        skipLimit = try reader.integer("max_skip_count", default: 0)
        guard skipLimit >= 0 else { throw .invalidAttribute(name: "max_skip_count", reason: "is \(skipLimit), expected 0 or more") }
        let items = try Self.items(reader)
        readsText = items.isText
        let columns = try reader.integers("ngram_indexes") ?? []
        guard let last = columns.max(), columns.allSatisfy({ $0 >= 0 }), last < Shape.maximumElementCount else {
            throw .invalidAttribute(name: "ngram_indexes", reason: "must be given, and none of them may be negative")
        }
        width = last + 1
        pool = try GramPool(items.keys, starts: try reader.integers("ngram_counts") ?? [], columns: columns, lengths: lengths)
        weights = try reader.floats("weights") ?? []
        guard weights.isEmpty || mode == .counts || weights.count >= width else {
            throw .invalidAttribute(name: "weights", reason: "has \(weights.count) numbers for \(width) places of the result")
        }
    }

    private static func items(_ reader: AttributeReader) throws(OperatorError) -> (keys: [ElementKey], isText: Bool) {
        let numbers = try reader.integers("pool_int64s") ?? [], texts = try reader.strings("pool_strings") ?? []
        guard numbers.isEmpty != texts.isEmpty else {
            throw .invalidAttribute(name: "pool_int64s and pool_strings", reason: "must be given one or the other")
        }
        return texts.isEmpty ? (numbers.map { .number(Int64($0)) }, false) : (texts.map { .text(Array($0.utf8)) }, true)
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let type = try inputs.tensor(0)
        let isText = type.elementType == .string
        guard isText || type.elementType == .int32 || type.elementType == .int64 else {
            throw .unsupportedType(input: 0, found: type.elementType, supported: [.string, .int32, .int64])
        }
        guard isText == readsText else {
            throw .invalidInput(index: 0, reason: "is \(type), the n-grams are of \(readsText ? "strings" : "integers")")
        }
        guard let shape = type.shape else { return [ValueFact(.float32, nil as SymbolicShape?)] }
        guard shape.rank <= 2 else { throw .invalidInput(index: 0, reason: "has shape \(shape), expected a list or a table") }
        return [ValueFact(.float32, SymbolicShape((shape.rank == 2 ? [shape[0]] : []) + [.known(width)]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        inputs.extents(0)?.count == 2 ? inputs.positionwise(along: [0]) : .mixed(RowReason.joined)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let items = try context.elements(0), shape = items.shape
        guard shape.rank <= 2 else {
            throw OperatorError.invalidInput(index: 0, reason: "has shape \(shape), expected a list or a table")
        }
        let rowCount = shape.rank == 2 ? shape[0] : 1, length = shape.rank == 0 ? 1 : shape[shape.rank - 1]
        let result = try Shape(checked: (shape.rank == 2 ? [rowCount] : []) + [width], what: "the table of n-grams")
        // One row's items as keys.
        return try context.withScratch(ByteCount.of(ElementKey.self, length)) { () throws(OperatorError) in
            let counts = try context.zeros(TensorSpec(.float32, result))
            let table = counts.storage.baseAddress.assumingMemoryBound(to: Float.self)
            for row in 0..<rowCount {
                let keys = (row * length..<(row + 1) * length).map(items.key)
                try count(keys, into: table + row * width, context)
                weigh(table + row * width)
            }
            return [.tensor(counts)]
        }
    }

    /// Adds up the n-grams of one row. Those of one item are the same whatever the distance and are counted once.
    private func count(
        _ keys: [ElementKey], into row: UnsafeMutablePointer<Float>, _ context: EvaluationContext
    ) throws(OperatorError) {
        var shortest = lengths.lowerBound
        // Farther apart, no two items are in the row.
        for distance in 1...min(skipLimit, max(keys.count - 1, 0)) + 1 {
            try context.checkStop()
            for start in keys.indices {
                guard ByteCount.product(distance, shortest - 1) < keys.count - start else { break }
                pool.forEachGram(in: keys, from: start, every: distance, lengths: shortest...lengths.upperBound) { row[$0] += 1 }
            }
            if shortest == 1 {
                shortest = 2
                if shortest > lengths.upperBound { break }
            }
        }
    }

    private func weigh(_ row: UnsafeMutablePointer<Float>) {
        switch mode {
        case .counts: return
        case .presence: for place in 0..<width { row[place] = row[place] > 0 ? weight(place) : 0 }
        case .weightedCounts: for place in 0..<width { row[place] *= weight(place) }
        }
    }

    private func weight(_ place: Int) -> Float { weights.isEmpty ? 1 : weights[place] }
}

/// The n-grams that are looked for, as a tree in which each step is one item.
private struct GramPool: Sendable {
    private struct Step: Hashable {
        let node: Int
        let key: ElementKey
    }

    private var children: [Step: Int] = [:]
    /// The place in the result of the n-gram that ends at a node; nil where none ends.
    private var columns: [Int?] = [nil]

    /// - Parameters:
    ///   - items: the n-grams one after the other, the shortest first.
    ///   - starts: where those of 1, 2, … items begin.
    ///   - columns: by n-gram.
    ///   - lengths: of the n-grams to be found; others stand in the pool for nothing.
    init(_ items: [ElementKey], starts: [Int], columns: [Int], lengths: ClosedRange<Int>) throws(OperatorError) {
        var gram = 0
        for (index, start) in starts.enumerated() {
            let length = index + 1, end = index + 1 < starts.count ? starts[index + 1] : items.count
            guard start >= 0, start <= end, end <= items.count, (end - start) % length == 0 else {
                throw .invalidAttribute(
                    name: "ngram_counts", reason: "has \(start) to \(end) of \(items.count) items for n-grams of \(length)")
            }
            for first in stride(from: start, to: end, by: length) {
                guard gram < columns.count else {
                    throw .invalidAttribute(
                        name: "ngram_indexes", reason: "has \(columns.count) numbers, fewer than there are n-grams")
                }
                if lengths.contains(length) { add(items[first..<first + length], column: columns[gram]) }
                gram += 1
            }
        }
    }

    private mutating func add(_ gram: ArraySlice<ElementKey>, column: Int) {
        var node = 0
        for key in gram {
            let step = Step(node: node, key: key)
            if let next = children[step] {
                node = next
            } else {
                children[step] = columns.count
                node = columns.count
                columns.append(nil)
            }
        }
        columns[node] = column
    }

    /// Calls `body` with the place of every n-gram whose items stand at `start` and then every `distance`.
    func forEachGram(
        in keys: [ElementKey], from start: Int, every distance: Int, lengths: ClosedRange<Int>, _ body: (Int) -> Void
    ) {
        var node = 0, position = start, length = 1
        while length <= lengths.upperBound, position < keys.count, let next = children[Step(node: node, key: keys[position])] {
            node = next
            if length >= lengths.lowerBound, let column = columns[node] { body(column) }
            length += 1
            position += distance
        }
    }
}
