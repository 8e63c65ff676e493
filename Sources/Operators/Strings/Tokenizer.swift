import GraphIR
import Tensors

/// Strings cut into tokens, padded to as many as the string with the most has.
///
/// - Shapes: string [C] or [N, C] → string [C, largest count] or [N, C, largest count]; no token at all gives [C, 0] or [N, C, 0].
/// - Tokens are single characters (one separator that is empty), what lies between the matches of one separator after the other, or
///   what an expression matches; those with fewer characters than `mincharnum` are left out. With `mark` a row has a token of the
///   byte 2 before its own and one of the byte 3 behind them. A separator that matches nothing takes the next character along.
/// - Expressions are of RE2's syntax, which takes time in proportion to the text.
/// - Source: onnxruntime's Tokenizer (com.microsoft).
struct Tokenizer: DynamicOperator {
    private enum Rule: Sendable {
        case characters
        case separators([Regex])
        case tokens(Regex)
    }

    private let rule: Rule
    private let padding: [UInt8]
    private let leastCount: Int
    private let marks: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        marks = try reader.flag("mark", default: false)
        padding = Array(try reader.string("pad_value", default: "").utf8)
        leastCount = try reader.integer("mincharnum", default: 1)
        guard leastCount >= 1 else { throw .invalidAttribute(name: "mincharnum", reason: "is \(leastCount), expected at least 1") }
        let separators = try reader.strings("separators") ?? [], expression = try reader.string("tokenexp", default: "")
        guard separators.isEmpty != expression.isEmpty else {
            throw .invalidAttribute(name: "separators and tokenexp", reason: "must be given one or the other")
        }
        guard separators.isEmpty || separators == [""] || !separators.contains("") else {
            throw .invalidAttribute(name: "separators", reason: "has an empty one beside others")
        }
        if separators == [""] {
            guard leastCount == 1 else {
                throw .invalidAttribute(name: "mincharnum", reason: "is \(leastCount) for tokens of one character")
            }
            rule = .characters
        } else if separators.isEmpty {
            rule = .tokens(try Regex(Array(expression.utf8)))
        } else {
            rule = .separators(try separators.map { (text) throws(OperatorError) in try Regex(Array(text.utf8)) })
        }
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        guard let shape = try inputs.text(0).shape else { return [ValueFact(.string, nil as SymbolicShape?)] }
        guard (1...2).contains(shape.rank) else { throw .invalidInput(index: 0, reason: "has shape \(shape), expected 1 or 2 axes") }
        return [ValueFact(.string, SymbolicShape(shape.dimensions + [.unknown]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.compacted) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0), charge = try TextBuilder(context)
        guard (1...2).contains(texts.shape.rank) else {
            throw OperatorError.invalidInput(index: 0, reason: "has shape \(texts.shape), expected 1 or 2 axes")
        }
        var lists: [[ArraySlice<UInt8>]] = []
        for text in texts.elements {
            guard String(validating: text, as: UTF8.self) != nil else {
                throw OperatorError.invalidValue("\"\(OperatorError.shown(text))\" is no UTF-8")
            }
            let tokens = try tokens(of: text, context)
            try charge.charge(ByteCount.product(tokens.count, MemoryLayout<ArraySlice<UInt8>>.stride))
            lists.append(tokens)
        }
        let largest = lists.map(\.count).max() ?? 0, width = largest == 0 ? 0 : largest + (marks ? 2 : 0)
        let shape = try Shape(checked: texts.shape.extents + [width], what: "the table of tokens")
        let builder = try TextBuilder(context, capacity: shape.elementCount)
        for tokens in lists where width > 0 {
            if marks { try builder.append([2]) }
            for token in tokens { try builder.append(token) }
            if marks { try builder.append([3]) }
            for _ in tokens.count..<largest { try builder.append(padding) }
        }
        return [try builder.tensor(shape)]
    }

    private func tokens(of text: [UInt8], _ context: EvaluationContext) throws -> [ArraySlice<UInt8>] {
        switch rule {
        case .characters:
            var starts = text.indices.filter { text[$0] & 0xC0 != 0x80 }
            starts.append(text.count)
            return zip(starts, starts.dropFirst()).map { text[$0..<$1] }
        case .separators(let separators):
            var row = [text[...]]
            for separator in separators where !row.isEmpty {
                row = try row.flatMap { try pieces(of: Array($0), between: separator, context) }
            }
            return row
        case .tokens(let expression): return try matches(of: expression, in: text, context)
        }
    }

    private func isLongEnough(_ token: ArraySlice<UInt8>) -> Bool { Utf8Positions.characterCount(Array(token)) >= leastCount }

    /// The parts of `text` between the matches of a separator.
    private func pieces(
        of text: [UInt8], between separator: Regex, _ context: EvaluationContext
    ) throws -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = [], start = 0
        while let match = separator.firstMatch(in: text, from: start) {
            if pieces.count & 0xFFF == 0xFFF { try context.checkStop() }
            if isLongEnough(text[start..<match.lowerBound]) { pieces.append(text[start..<match.lowerBound]) }
            guard match.isEmpty else {
                start = match.upperBound
                continue
            }
            guard match.lowerBound < text.count else { return pieces }
            start = Utf8Positions.forward(text, from: match.lowerBound, by: 1).position
        }
        if isLongEnough(text[start...]) { pieces.append(text[start...]) }
        return pieces
    }

    private func matches(of expression: Regex, in text: [UInt8], _ context: EvaluationContext) throws -> [ArraySlice<UInt8>] {
        var matches: [ArraySlice<UInt8>] = [], start = 0, searches = 0
        while let match = expression.firstMatch(in: text, from: start) {
            searches += 1
            if searches & 0xFF == 0 { try context.checkStop() }
            if isLongEnough(text[match]) {
                matches.append(text[match])
                start = match.upperBound
            } else {
                guard match.lowerBound < text.count else { break }
                start = Utf8Positions.forward(text, from: match.lowerBound, by: 1).position
            }
        }
        return matches
    }
}
