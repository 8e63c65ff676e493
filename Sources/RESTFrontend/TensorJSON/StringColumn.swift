/// Byte strings: JSON strings as their UTF-8 bytes, and base64 objects.
struct StringColumn {
    private(set) var elements: [[UInt8]] = []
    private let maximumDepth: Int
    private let takesBase64: Bool

    init(maximumDepth: Int, takesBase64: Bool = true) {
        self.maximumDepth = maximumDepth
        self.takesBase64 = takesBase64
    }

    mutating func truncate(to count: Int) { elements.removeLast(elements.count - count) }

    mutating func read(
        _ amount: ReadAmount, _ position: inout UnsafePointer<UInt8>, _ text: SentinelText, limit: Int
    ) -> ReadResult {
        let before = elements.count
        func result(_ end: RunEnd) -> ReadResult { ReadResult(end: end, lastLength: elements.count - before) }
        while unsafe readOne(&position, text, limit: limit) {
            if case .value = amount { return result(.closed) }
            unsafe JSONBytes.skipWhitespace(&position)
            if unsafe position.pointee == UInt8(ascii: "]") { return result(.closed) }
            guard unsafe position.pointee == UInt8(ascii: ",") else { return result(.misplaced) }
            unsafe position += 1
            unsafe JSONBytes.skipWhitespace(&position)
        }
        return result(.unreadable)
    }

    private mutating func readOne(_ position: inout UnsafePointer<UInt8>, _ text: SentinelText, limit: Int) -> Bool {
        guard elements.count < limit else { return false }
        let value = unsafe JSONValue(position, text.end, maximumDepth: maximumDepth)
        switch unsafe position.pointee {
        case UInt8(ascii: "\""):
            guard let next = unsafe value.end, unsafe next < text.end else { return false }
            unsafe elements.append(JSONString(at: position, end: text.end).bytes)
            unsafe position = next
        case UInt8(ascii: "{") where takesBase64:
            guard let encoded = unsafe value.base64, unsafe encoded.end < text.end, let decoded = unsafe Base64.decode(encoded.text.bytes)
            else { return false }
            elements.append(decoded)
            unsafe position = encoded.end
        default:
            return false
        }
        return true
    }
}
