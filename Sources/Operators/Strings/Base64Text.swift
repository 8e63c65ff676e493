import GraphIR
import Tensors

/// Bytes as web-safe base64 and back: the alphabet ends with - and _, padding may be left out.
///
/// - Shapes: string [A…] → string [A…].
/// - Source: TensorFlow operators EncodeBase64 and DecodeBase64.
enum Base64Text {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let pad = UInt8(ascii: "=")
    private static let digits: [UInt8: UInt32] = Dictionary(
        uniqueKeysWithValues: alphabet.enumerated().map { ($1, UInt32($0)) })

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("EncodeBase64") { reader throws(OperatorError) in
            let pads = try reader.flag("pad", default: false)
            return TextTransform("EncodeBase64") { encode($0, pads: pads) }
        },
        .tensorFlow("DecodeBase64") { _ throws(OperatorError) in
            TextTransform("DecodeBase64") { text throws(OperatorError) in try decode(text) }
        },
    ]

    private static func encode(_ bytes: [UInt8], pads: Bool) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var word: UInt32 = 0
            for offset in 0..<3 { word = word << 8 | (offset < count ? UInt32(bytes[start + offset]) : 0) }
            for digit in 0...count { text.append(alphabet[Int(word >> (18 - 6 * UInt32(digit)) & 63)]) }
            if pads { for _ in count..<3 { text.append(pad) } }
        }
        return text
    }

    static func decode(_ text: [UInt8]) throws(OperatorError) -> [UInt8] {
        var digitCount = text.count
        if digitCount % 4 == 0 {
            for _ in 0..<2 where digitCount > 0 && text[digitCount - 1] == pad { digitCount -= 1 }
        }
        guard digitCount % 4 != 1 else { throw .invalidValue("Base64 string length cannot be 1 modulo 4.") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digitCount * 3 / 4)
        var word: UInt32 = 0, bitCount: UInt32 = 0
        for byte in text[..<digitCount] {
            guard let digit = digits[byte] else { throw .invalidValue("Invalid character found in base64.") }
            word = word << 6 | digit
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> bitCount))
            }
        }
        return bytes
    }
}
