import GraphIR
import Tensors

/// Strings without stop words, in lower or upper case.
///
/// - Shapes: string [n] or [1, n] → string [m] or [1, m] with the strings that are no stop words; a single empty string when none
///   is left.
/// - Letter case follows Unicode's full mappings; the attribute `locale` is accepted and changes nothing.
/// - Source: ONNX operator StringNormalizer, opset 10.
struct StringNormalizer: DynamicOperator {
    enum CaseChange: String, CaseIterable, Sendable { case none = "NONE", lower = "LOWER", upper = "UPPER" }

    let change: CaseChange
    let isCaseSensitive: Bool
    /// In lower case unless `isCaseSensitive`.
    let stopWords: Set<[UInt8]>

    init(_ reader: AttributeReader) throws(OperatorError) {
        change = try reader.choice("case_change_action", default: .none)
        isCaseSensitive = try reader.flag("is_case_sensitive", default: false)
        _ = try reader.string("locale")
        var stopWords: Set<[UInt8]> = []
        for word in try reader.strings("stopwords") ?? [] {
            stopWords.insert(try Self.compared(Array(word.utf8), isCaseSensitive: isCaseSensitive))
        }
        self.stopWords = stopWords
    }

    private static func compared(_ word: [UInt8], isCaseSensitive: Bool) throws(OperatorError) -> [UInt8] {
        isCaseSensitive || word.isEmpty ? word : try LetterCase.unicode(word, isUpper: false)
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        guard let shape = try inputs.text(0).shape else { return [ValueFact(.string, nil as SymbolicShape?)] }
        guard shape.rank == 1 || shape.rank == 2 && [nil, 1].contains(shape[0].value) else {
            throw .invalidInput(index: 0, reason: "has shape \(shape), expected a list of strings or one row of them")
        }
        return [ValueFact(.string, SymbolicShape(shape.rank == 1 ? [.unknown] : [.known(1), .unknown]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.compacted) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0), shape = texts.shape
        guard shape.rank == 1 || shape.rank == 2 && shape[0] == 1 else {
            throw OperatorError.invalidInput(index: 0, reason: "has shape \(shape), expected a list of strings or one row of them")
        }
        let builder = try TextBuilder(context)
        for text in texts.elements {
            if !stopWords.isEmpty, stopWords.contains(try Self.compared(text, isCaseSensitive: isCaseSensitive)) { continue }
            try builder.append(try changed(text))
        }
        if builder.count == 0 { try builder.append([UInt8]()) }
        return [try builder.tensor(shape.rank == 1 ? [builder.count] : [1, builder.count])]
    }

    private func changed(_ text: [UInt8]) throws(OperatorError) -> [UInt8] {
        guard change != .none, !text.isEmpty else { return text }
        return try LetterCase.unicode(text, isUpper: change == .upper)
    }
}
