import CUnicode
import GraphIR
import Tensors

/// Text in lower or upper case.
///
/// - Shapes: string [A…] → string [A…]. Without an encoding only ASCII letters change; with `utf-8` all of Unicode's, by its full
///   mappings ("ß" becomes "SS"), and what is no UTF-8 becomes U+FFFD.
/// - Source: TensorFlow operators StringLower and StringUpper.
enum LetterCase {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("StringLower") { reader throws(OperatorError) in try make(reader, isUpper: false) },
        .tensorFlow("StringUpper") { reader throws(OperatorError) in try make(reader, isUpper: true) },
    ]

    private static func make(_ reader: AttributeReader, isUpper: Bool) throws(OperatorError) -> TextTransform {
        let name = isUpper ? "StringUpper" : "StringLower"
        switch try reader.string("encoding", default: "") {
        case "": return TextTransform(name) { ascii($0, isUpper: isUpper) }
        case "utf-8": return TextTransform(name) { text throws(OperatorError) in try unicode(text, isUpper: isUpper) }
        case let other: throw .invalidAttribute(name: "encoding", reason: "is \"\(other)\", expected \"utf-8\" or nothing")
        }
    }

    private static func ascii(_ text: [UInt8], isUpper: Bool) -> [UInt8] {
        let letters = isUpper ? UInt8(ascii: "a")...UInt8(ascii: "z") : UInt8(ascii: "A")...UInt8(ascii: "Z")
        guard text.contains(where: letters.contains) else { return text }
        return text.map { letters.contains($0) ? $0 ^ 0x20 : $0 }
    }

    /// `text`, UTF-8, in the case asked for by Unicode's full mappings.
    static func unicode(_ text: [UInt8], isUpper: Bool) throws(OperatorError) -> [UInt8] {
        if text.allSatisfy({ $0 < 0x80 }) { return ascii(text, isUpper: isUpper) }
        let units = Array(String(decoding: text, as: UTF8.self).utf16)
        // No character has more than three in the other case.
        guard let capacity = Int32(exactly: ByteCount.product(units.count, 3)) else { throw .unsupported("a text this long") }
        let result = [UInt16](unsafeUninitializedCapacity: Int(capacity)) { buffer, count in
            count = Int(apus_unicode_change_case(units, Int32(units.count), isUpper, buffer.baseAddress, capacity))
            if count < 0 || count > buffer.count { count = 0 }
        }
        guard !result.isEmpty else { throw .invalidValue("the letter case of \"\(OperatorError.shown(text))\" cannot be changed") }
        return Array(String(decoding: result, as: UTF16.self).utf8)
    }
}
