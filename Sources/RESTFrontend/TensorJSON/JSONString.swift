/// A string literal of a sound JSON text, by its place. Borrows the memory of the text.
@safe struct JSONString {
    /// Between the quotation marks.
    let raw: UnsafeBufferPointer<UInt8>

    /// The string whose opening quotation mark lies at `start`.
    ///
    /// - Precondition: it was found to be sound.
    init(at start: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>) {
        var position = unsafe start + 1
        while true {
            unsafe position = JSONBytes.skipPlainText(position, end)
            guard unsafe position < end, unsafe position.pointee == UInt8(ascii: "\\") else { break }
            unsafe position += 2
        }
        unsafe raw = UnsafeBufferPointer(start: start + 1, count: max(0, min(position, end) - start - 1))
    }

    private init(raw: UnsafeBufferPointer<UInt8>) { unsafe self.raw = raw }

    /// Two quotation marks and what lies between.
    var byteCount: Int { unsafe raw.count + 2 }

    /// The bytes that the literal stands for: escapes resolved, everything else as it is (UTF-8 is not checked).
    var bytes: [UInt8] {
        guard unsafe raw.contains(UInt8(ascii: "\\")) else { return unsafe Array(raw) }
        var result: [UInt8] = []
        unsafe result.reserveCapacity(raw.count)
        var index = 0
        while unsafe index < raw.count {
            if unsafe raw[index] != UInt8(ascii: "\\") {
                unsafe result.append(raw[index])
                index += 1
            } else if let plain = byte(index + 1).flatMap(JSONBytes.unescaped) {
                result.append(plain)
                index += 2
            } else {
                index = appendScalar(at: index, to: &result)
            }
        }
        return result
    }

    /// As text; bytes that are no UTF-8 become U+FFFD.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The text, of a literal of more than `limit` bytes only its beginning, with a mark: `xxx…(5000 bytes)`.
    func text(cutAt limit: Int) -> String {
        guard unsafe raw.count > limit else { return text }
        return unsafe JSONString(raw: UnsafeBufferPointer(rebasing: raw.prefix(limit))).text + "…(\(raw.count) bytes)"
    }

    /// Whether the literal stands for these bytes. Escapes are longer than what they stand for.
    func spells(_ other: StaticString) -> Bool {
        guard unsafe raw.count > other.utf8CodeUnitCount else {
            guard unsafe raw.count == other.utf8CodeUnitCount, let start = unsafe raw.baseAddress else { return false }
            return unsafe JSONBytes.after(other, start, start + raw.count) != nil
        }
        return unsafe raw.contains(UInt8(ascii: "\\"))
            && bytes.elementsEqual(UnsafeBufferPointer(start: other.utf8Start, count: other.utf8CodeUnitCount))
    }

    func equals(_ other: String) -> Bool {
        let utf8 = other.utf8
        guard unsafe raw.count > utf8.count else { return unsafe raw.count == utf8.count && raw.elementsEqual(utf8) }
        return unsafe raw.contains(UInt8(ascii: "\\")) && bytes.elementsEqual(utf8)
    }

    private func byte(_ index: Int) -> UInt8? { unsafe index < raw.count ? raw[index] : nil }

    /// Appends the scalar of "\uXXXX" (or of a surrogate pair of them) at `index`; returns the index after it.
    private func appendScalar(at index: Int, to result: inout [UInt8]) -> Int {
        let unit = codeUnit(index)
        guard unit & 0xFC00 == 0xD800 else {
            result.append(contentsOf: (Unicode.Scalar(unit) ?? "\u{FFFD}").utf8)
            return index + 6
        }
        let scalar = 0x10000 + (unit & 0x3FF) << 10 + codeUnit(index + 6) & 0x3FF
        result.append(contentsOf: (Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
        return index + 12
    }

    private func codeUnit(_ index: Int) -> UInt32 {
        (index + 2..<index + 6).reduce(0) { $0 << 4 | UInt32(byte($1).flatMap(JSONBytes.hexDigit) ?? 0) }
    }
}

extension Unicode.Scalar {
    fileprivate var utf8: [UInt8] { Array(String(Character(self)).utf8) }
}
