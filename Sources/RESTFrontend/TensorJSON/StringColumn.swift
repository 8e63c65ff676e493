/// Byte strings: JSON strings as their UTF-8 bytes, and base64 objects.
struct StringColumn {
    private(set) var elements: [[UInt8]] = []
    private let maximumDepth: Int

    init(maximumDepth: Int) { self.maximumDepth = maximumDepth }

    mutating func truncate(to count: Int) { elements.removeLast(elements.count - count) }

    mutating func read(
        _ amount: ReadAmount, _ position: inout UnsafePointer<UInt8>, _ text: SentinelText, limit: Int
    ) -> ReadResult {
        let before = elements.count
        func result(_ end: RunEnd) -> ReadResult { ReadResult(end: end, lastLength: elements.count - before) }
        while readOne(&position, text, limit: limit) {
            if case .value = amount { return result(.closed) }
            JSONBytes.skipWhitespace(&position)
            if position.pointee == UInt8(ascii: "]") { return result(.closed) }
            guard position.pointee == UInt8(ascii: ",") else { return result(.misplaced) }
            position += 1
            JSONBytes.skipWhitespace(&position)
        }
        return result(.unreadable)
    }

    private mutating func readOne(_ position: inout UnsafePointer<UInt8>, _ text: SentinelText, limit: Int) -> Bool {
        guard elements.count < limit else { return false }
        let value = JSONValue(position, text.end, maximumDepth: maximumDepth)
        switch position.pointee {
        case UInt8(ascii: "\""):
            guard let next = value.end, next < text.end else { return false }
            elements.append(JSONString(at: position, end: text.end).bytes)
            position = next
        case UInt8(ascii: "{"):
            guard let encoded = value.base64, encoded.end < text.end, let decoded = Base64.decode(encoded.text.bytes)
            else { return false }
            elements.append(decoded)
            position = encoded.end
        default:
            return false
        }
        return true
    }
}
