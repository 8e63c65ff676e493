package import GraphIR

/// Text: what TensorFlow's and ONNX's operators on strings compute.
package enum StringOperators {
    package static let spellings: [OperatorSpelling] =
        LetterCase.spellings + HashBuckets.spellings + SplitText.spellings + RegexReplace.spellings + Base64Text.spellings
        + UnicodeText.spellings + [
            StringToNumber.spelling,
            .tensorFlow("StringStrip") { _ throws(OperatorError) in
                TextTransform("StringStrip") { text in
                    let trimmed = text.trimmed
                    return trimmed.count == text.count ? text : Array(trimmed)
                }
            },
            .tensorFlow("StringLength") { reader throws(OperatorError) in
                let countsCharacters = try reader.choice("unit", default: TextUnit.bytes) == .characters
                return TextMeasure<Int32>("StringLength") {
                    Int32(truncatingIfNeeded: countsCharacters ? Utf8Positions.characterCount($0) : $0.count)
                }
            },
            .onnx("StringConcat", since: 20) { _ throws(OperatorError) in TextConcatenation(name: "StringConcat") },
            .onnx("StringSplit", since: 20) { reader throws(OperatorError) in try DelimitedText(reader) },
            .onnx("StringNormalizer", since: 10) { reader throws(OperatorError) in try StringNormalizer(reader) },
            .onnx("Tokenizer", domain: "com.microsoft") { reader throws(OperatorError) in try Tokenizer(reader) },
            .onnx("TfIdfVectorizer", since: 9) { reader throws(OperatorError) in try TfIdfVectorizer(reader) },
            .tensorFlow("StringJoin") { reader throws(OperatorError) in try StringJoin(reader) },
            .tensorFlow("ReduceJoin") { reader throws(OperatorError) in try ReduceJoin(reader) },
            .tensorFlow("UnsortedSegmentJoin") { reader throws(OperatorError) in try UnsortedSegmentJoin(reader) },
            .tensorFlow("Substr") { reader throws(OperatorError) in try Substr(reader) },
            .tensorFlow("AsString") { reader throws(OperatorError) in try AsString(reader) },
            .tensorFlow("StringFormat") { reader throws(OperatorError) in try StringFormat(reader) },
            .tensorFlow("StringNGrams") { reader throws(OperatorError) in try StringNGrams(reader) },
            .tensorFlow("EditDistance") { reader throws(OperatorError) in
                EditDistance(isNormalized: try reader.flag("normalize", default: true))
            },
            .tensorFlow("Print") { _ throws(OperatorError) in SilentPrint() },
            .tensorFlow("PrintV2") { _ throws(OperatorError) in SilentPrint() },
        ]
}

/// Hands its first input on and prints nothing: what a model prints is of no use to a server.
///
/// - Source: TensorFlow operators Print and PrintV2.
struct SilentPrint: PassThrough, DynamicOperator {
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        inputs.outputCount == 0 ? [] : [ValueFact(try inputs.required(0).valueType)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let state = inputs[0] else { return .mixed(RowReason.unknown) }
        return .all(state, of: inputs)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        context.outputCount == 0 ? [] : [try context.copy(try context.value(0))]
    }
}
