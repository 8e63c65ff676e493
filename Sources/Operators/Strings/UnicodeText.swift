import CUnicode
import GraphIR
import Tensors

/// Unicode: code points from bytes of many encodings and back, and scripts.
///
/// - Source: TensorFlow operators UnicodeDecode, UnicodeDecodeWithOffsets, UnicodeEncode, UnicodeTranscode, UnicodeScript.
enum UnicodeText {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("UnicodeDecode") { reader throws(OperatorError) in try UnicodeDecode(reader, givesOffsets: false) },
        .tensorFlow("UnicodeDecodeWithOffsets") { reader throws(OperatorError) in try UnicodeDecode(reader, givesOffsets: true) },
        .tensorFlow("UnicodeEncode") { reader throws(OperatorError) in try UnicodeEncode(reader) },
        .tensorFlow("UnicodeTranscode") { reader throws(OperatorError) in try UnicodeTranscode(reader) },
        .tensorFlow("UnicodeScript") { _ throws(OperatorError) in UnicodeScript() },
    ]
}

/// What becomes of text that is malformed.
struct MalformedText: Sendable {
    enum Policy: String, CaseIterable {
        case strict, replace, ignore
    }

    let policy: Policy
    let replacement: Int32
    let replacesControls: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        policy = try reader.choice("errors", default: .replace)
        guard let replacement = Int32(exactly: try reader.integer("replacement_char", default: 0xFFFD)),
            (0...0x10FFFF).contains(replacement)
        else { throw .invalidAttribute(name: "replacement_char", reason: "out of unicode codepoint range") }
        self.replacement = replacement
        replacesControls = try reader.flag("replace_control_characters", default: false)
    }

    /// What stands for a character; nil when it is left out.
    func resolved(_ character: Int32, isMalformed: Bool) throws(OperatorError) -> Int32? {
        if isMalformed, policy == .strict { throw .invalidValue("Invalid formatting on input string") }
        guard isMalformed || replacesControls && character <= 0x1F else { return character }
        switch policy {
        case .strict where isMalformed: throw .invalidValue("Invalid formatting on input string")
        case .ignore: return nil
        default: return replacement
        }
    }
}

/// Reads the characters of texts in one encoding, one text after another.
final class TextDecoder {
    private let handle: OpaquePointer
    private let isUTF8: Bool

    /// - Throws: when no such encoding is known.
    init(_ encoding: String) throws(OperatorError) {
        guard let made = apus_decoder_make(encoding) else {
            throw .invalidAttribute(name: "input_encoding", reason: "could not create converter for input encoding: \(encoding)")
        }
        handle = made
        isUTF8 = Self.isUTF8(encoding)
    }

    deinit { apus_decoder_free(handle) }

    static func isUTF8(_ encoding: String) -> Bool { ["utf-8", "utf8"].contains(encoding.lowercased()) }

    /// Calls `body` with each character, the bytes it takes, and whether these are malformed.
    func forEach(
        _ text: [UInt8], _ body: (_ character: Int32, _ byteCount: Int, _ isMalformed: Bool) throws(OperatorError) -> Void
    ) throws(OperatorError) {
        var position = 0
        while position < text.count {
            if isUTF8, text[position] < 0x80 {
                try body(Int32(text[position]), 1, false)
                position += 1
                continue
            }
            var next = position, isMalformed = false
            let character = text.withUnsafeBytes { bytes in
                apus_decoder_next(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, &next, &isMalformed)
            }
            try body(character, next - position, isMalformed)
            position = max(next, position + 1)
        }
    }
}

/// How code points are written.
enum TextEncoding: String, CaseIterable, Sendable {
    case utf8 = "UTF-8"
    case utf16 = "UTF-16-BE"
    case utf32 = "UTF-32-BE"

    /// - Precondition: `scalar` is a code point and no surrogate, as `Unicode.Scalar` is.
    func append(_ scalar: Unicode.Scalar, to text: inout [UInt8]) {
        switch self {
        case .utf8: text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        case .utf16:
            for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
                text.append(UInt8(unit >> 8))
                text.append(UInt8(unit & 0xFF))
            }
        case .utf32:
            for shift: UInt32 in [24, 16, 8, 0] { text.append(UInt8(truncatingIfNeeded: scalar.value >> shift)) }
        }
    }
}

/// The script of each code point, by ICU's numbers; -1 for what is no code point.
///
/// - Shapes: int32 [A…] → int32 [A…].
struct UnicodeScript: DynamicOperator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(.int32, try inputs.required(0, of: [.int32]).shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let points = try context.required(0)
        return [try context.tensor(points.values(Int32.self).map { apus_unicode_script($0) }, points.shape)]
    }
}
