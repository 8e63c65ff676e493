/// Small texts with bytes behind their end that may be read, so that numbers near the end are read as fast as all others.
///
/// The reader of numbers takes in words of eight bytes, which may not reach beyond the memory that holds the text.
enum MarginedText {
    /// Texts up to this many bytes are copied; a longer one has few of its numbers near its end.
    private static let maximumByteCount = 1024 - margin
    private static let margin = 64

    /// Calls `body` with the text, or a copy of it, and how many bytes behind it may be read, all of them zero.
    @inline(__always)
    static func with<Result>(
        _ text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>, Int) -> Result
    ) -> Result {
        guard text.count <= maximumByteCount, let source = text.baseAddress else { return body(text, 0) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maximumByteCount + margin) { memory in
            // Temporary memory always has an address.
            let copy = memory.baseAddress.unsafelyUnwrapped
            copy.initialize(from: source, count: text.count)
            (copy + text.count).initialize(repeating: 0, count: margin)
            return body(UnsafeBufferPointer(start: copy, count: text.count), margin)
        }
    }
}
