import CRegex
import GraphIR
import Tensors

/// A compiled regular expression of RE2's syntax.
final class Regex: @unchecked Sendable {
    // The library's expressions may be used by several threads at once; ours is never changed after it is made.
    private let handle: OpaquePointer

    init(_ pattern: [UInt8]) throws(OperatorError) {
        var reason = [CChar](repeating: 0, count: 256)
        let made = pattern.withText { text, count in apus_regex_make(text, count, &reason, reason.count) }
        guard let made else {
            let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw .invalidValue("Invalid pattern: \(OperatorError.shown(pattern)), error: \(text)")
        }
        handle = made
    }

    deinit { apus_regex_free(handle) }

    func matchesWhole(_ text: [UInt8]) -> Bool {
        text.withText { apus_regex_full_match(handle, $0, $1) }
    }

    /// Where the first match from byte `start` on lies; nil when there is none.
    func firstMatch(in text: [UInt8], from start: Int) -> Range<Int>? {
        var begin = 0, end = 0
        guard text.withText({ apus_regex_find(handle, $0, $1, start, &begin, &end) }) else { return nil }
        return begin..<end
    }

    /// `text` with the first match or all of them replaced.
    func replacing(_ text: [UInt8], with rewrite: [UInt8], all: Bool, limit: Int = 1 << 30) throws(OperatorError) -> [UInt8] {
        var result: UnsafeMutablePointer<CChar>?
        var count = 0
        let outcome = text.withText { text, length in
            rewrite.withText { apus_regex_replace(handle, text, length, $0, $1, all, limit, &result, &count) }
        }
        defer { apus_regex_release(result) }
        switch Int(outcome) {
        case Int(APUS_REGEX_UNCHANGED): return text
        case Int(APUS_REGEX_CHANGED):
            guard let result else { return [] }
            return result.withMemoryRebound(to: UInt8.self, capacity: count) { Array(UnsafeBufferPointer(start: $0, count: count)) }
        default: throw .invalidValue("a replacement makes a text of more than \(limit) bytes")
        }
    }
}

extension [UInt8] {
    /// Calls `body` with the bytes as C's characters.
    fileprivate func withText<Result>(_ body: (UnsafePointer<CChar>?, Int) -> Result) -> Result {
        withUnsafeBytes { body($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count) }
    }
}

/// Texts with what a regular expression matches replaced, and whether texts match one.
///
/// - Shapes: string [A…], with a pattern (and a rewrite, where \0 to \9 stand for groups) as scalars or attributes → string or
///   bool [A…].
/// - Source: TensorFlow operators RegexReplace, StaticRegexReplace, RegexFullMatch, StaticRegexFullMatch; ONNX operator
///   RegexFullMatch (opset 20), whose pattern is an attribute.
struct RegexReplace: DynamicOperator {
    let replacesAll: Bool

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        _ = try inputs.text(1)
        _ = try inputs.text(2)
        return [ValueFact(.string, try inputs.text(0).shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0), regex = try Regex(try context.text(1)), rewrite = try context.text(2)
        let builder = try TextBuilder(context, capacity: texts.elements.count)
        for text in texts.elements { try builder.append(try regex.replacing(text, with: rewrite, all: replacesAll)) }
        return [try builder.tensor(texts.shape)]
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("RegexReplace") { reader throws(OperatorError) in
            RegexReplace(replacesAll: try reader.flag("replace_global", default: true))
        },
        .tensorFlow("StaticRegexReplace") { reader throws(OperatorError) in
            let regex = try Regex(Array(try reader.string("pattern", default: "").utf8))
            let rewrite = Array(try reader.string("rewrite", default: "").utf8)
            let all = try reader.flag("replace_global", default: true)
            return TextTransform("StaticRegexReplace") { text throws(OperatorError) in
                try regex.replacing(text, with: rewrite, all: all)
            }
        },
        .tensorFlow("RegexFullMatch") { _ throws(OperatorError) in RegexFullMatch() },
        .tensorFlow("StaticRegexFullMatch") { reader throws(OperatorError) in
            let regex = try Regex(Array(try reader.string("pattern", default: "").utf8))
            return TextMeasure<Bool>("StaticRegexFullMatch") { regex.matchesWhole($0) }
        },
        .onnx("RegexFullMatch", since: 20) { reader throws(OperatorError) in
            guard let pattern = try reader.string("pattern") else {
                throw .invalidAttribute(name: "pattern", reason: "is missing, expected a regular expression")
            }
            let regex = try Regex(Array(pattern.utf8))
            return TextMeasure<Bool>("RegexFullMatch") { regex.matchesWhole($0) }
        },
    ]
}

struct RegexFullMatch: DynamicOperator {
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        _ = try inputs.text(1)
        return [ValueFact(.bool, try inputs.text(0).shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0), regex = try Regex(try context.text(1))
        return [try context.tensor(texts.elements.map(regex.matchesWhole), texts.shape)]
    }
}
