/// Walks the elements of a comma-separated field value (RFC 9110 §5.6.1): white space around them is no part of them,
/// and empty ones are passed over.
struct FieldList {
    private var at = 0

    /// The place of the next element in `value`, which is the same at every call; nil after the last one.
    mutating func next(in value: Span<UInt8>) -> Range<Int>? {
        while at < value.count {
            var start = at
            var end = firstIndex(of: UInt8(ascii: ","), in: value, from: at) ?? value.count
            at = end + 1
            while start < end, isBlank(value[start]) { start += 1 }
            while end > start, isBlank(value[end - 1]) { end -= 1 }
            if start < end { return start..<end }
        }
        return nil
    }
}
