/// A JSON text that ends with a closing brace, over which readers scan without comparing every position with the end.
///
/// What the readers of tensors rely on is established here and nowhere else:
///
/// - The byte at `end - 1` is "}". No number, literal or whitespace contains one, so a scan over these that starts before `end` stops
///   at that byte at the latest. Whoever moves past a brace, or past a whole string or object, checks that the new position is
///   still before `end`: the last brace closes the object around the tensors and is none of a tensor's own.
/// - The bytes from `end` to `readableEnd` may be read, eight at a time, but belong to no value: they are zeros.
///
/// So a position in `start..<end` may be read and moved byte by byte. Borrows the memory of the text.
@safe struct SentinelText {
    typealias Position = UnsafePointer<UInt8>

    let start: Position
    let end: Position
    let readableEnd: Position

    /// The bytes without the whitespace after them; nil when these do not end with a closing brace.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        let count = unsafe (bytes.lastIndex { !JSONBytes.isWhitespace($0) } ?? -1) + 1
        guard count > 0, unsafe bytes[count - 1] == UInt8(ascii: "}"), let start = bytes.baseAddress else { return nil }
        unsafe self.start = start
        unsafe end = start + count
        unsafe readableEnd = end
    }

    private init(copy start: Position, count: Int, margin: Int) {
        unsafe self.start = start
        unsafe end = start + count
        unsafe readableEnd = end + margin
    }

    var bytes: UnsafeBufferPointer<UInt8> { unsafe UnsafeBufferPointer(start: start, count: end - start) }
}

extension SentinelText {
    /// Texts up to this many bytes are copied; a longer one has few of its numbers near its end.
    private static let maximumCopyByteCount = 1024 - margin
    private static let margin = 64

    /// Calls `body` with the text, if it is small with a copy that has a margin behind it.
    ///
    /// The reader of numbers takes in words of eight bytes, which may not reach beyond `readableEnd`: so numbers near the end of a
    /// small text are read as fast as all others.
    @inline(__always)
    func withMargin<Result>(_ body: (SentinelText) -> Result) -> Result {
        let count = unsafe end - start
        guard count <= Self.maximumCopyByteCount else { return body(self) }
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.maximumCopyByteCount + Self.margin) { memory in
            // Temporary memory always has an address.
            let copy = unsafe memory.baseAddress.unsafelyUnwrapped
            unsafe copy.initialize(from: start, count: count)
            unsafe (copy + count).initialize(repeating: 0, count: Self.margin)
            return unsafe body(SentinelText(copy: copy, count: count, margin: Self.margin))
        }
    }
}
