import Glibc

/// A growable run of bytes with one owner: appended at the end, consumed from the front.
///
/// Requests are read into one and responses are built in one. It is noncopyable, so bytes are never duplicated by
/// accident, and it is lent `inout` to whoever fills it.
@safe package struct ByteBuffer: ~Copyable {
    /// Start of the memory, or nil while nothing was ever reserved.
    private var memory: UnsafeMutableRawPointer?
    private(set) var capacity: Int
    /// The bytes are at `start ..< end` of the memory.
    private var start = 0
    private var end = 0
    /// What it may hold.
    package let limit: Int
    /// Whether bytes beyond the limit have been dropped to make room for further ones.
    private var hasDropped = false
    /// Whether more was appended than it may hold. What it holds then is of no use.
    package var isOverLimit: Bool { hasDropped || count > limit }

    package init() { self.init(limit: .max) }

    package init(limit: Int) {
        unsafe memory = nil
        capacity = 0
        self.limit = limit
    }

    /// Takes over memory that came from `malloc`.
    init(adopting memory: UnsafeMutableRawPointer, capacity: Int) {
        unsafe self.memory = memory
        self.capacity = capacity
        limit = .max
    }

    deinit { unsafe free(memory) }

    package var count: Int { end - start }
    package var isEmpty: Bool { end == start }

    /// The bytes; valid until the next change of the buffer.
    package var bytes: UnsafeRawBufferPointer {
        guard let memory = unsafe memory else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
        return unsafe UnsafeRawBufferPointer(start: memory + start, count: count)
    }

    /// The bytes, to be changed in place; valid until the next change of the buffer.
    var mutableBytes: UnsafeMutableRawBufferPointer {
        guard let memory = unsafe memory else { return unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        return unsafe UnsafeMutableRawBufferPointer(start: memory + start, count: count)
    }

    /// How many bytes fit without moving anything.
    var freeCount: Int { capacity - end }

    package mutating func append(_ byte: UInt8) {
        unsafe reserve(1).storeBytes(of: byte, as: UInt8.self)
        end += 1
    }

    package mutating func append(_ source: UnsafeRawBufferPointer) {
        guard let base = source.baseAddress, source.count > 0 else { return }
        unsafe reserve(source.count).copyMemory(from: base, byteCount: source.count)
        end += source.count
    }

    @inline(__always)
    package mutating func append(_ text: StaticString) {
        guard text.hasPointerRepresentation else { return append(text.description) }
        unsafe append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in unsafe append(UnsafeRawBufferPointer(utf8)) }
    }

    package mutating func append(contentsOf source: some Sequence<UInt8>) {
        for byte in source { append(byte) }
    }

    /// Appends the number in decimal digits.
    package mutating func append(decimal number: Int) {
        if number < 0 { append(UInt8(ascii: "-")) }
        let magnitude = number.magnitude
        let digitCount = decimalDigitCount(magnitude)
        let space = unsafe UnsafeMutableRawBufferPointer(start: reserve(digitCount), count: digitCount)
        unsafe writeDecimal(magnitude, endingAt: digitCount, in: space)
        end += digitCount
    }

    /// Space for at least `byteCount` more bytes at the end; valid until the next change of the buffer.
    ///
    /// What is written there belongs to the buffer after `commit`.
    package mutating func reserve(_ byteCount: Int) -> UnsafeMutableRawPointer {
        if byteCount > capacity - end { makeRoom(byteCount) }
        // makeRoom leaves memory in place; before the first reservation capacity is 0 and it is always called.
        return unsafe memory.unsafelyUnwrapped + end
    }

    /// Adds the first `byteCount` bytes of the reserved space to the buffer.
    package mutating func commit(_ byteCount: Int) {
        precondition(byteCount >= 0 && byteCount <= capacity - end, "more bytes committed than reserved")
        end += byteCount
    }

    package mutating func removeAll() {
        start = 0
        end = 0
    }

    /// Drops bytes from the front.
    mutating func consume(_ byteCount: Int) {
        precondition(byteCount >= 0 && byteCount <= count, "more bytes consumed than there are")
        start += byteCount
        if start == end { removeAll() }
    }

    /// Drops bytes from the end, so that `byteCount` remain.
    mutating func truncate(to byteCount: Int) {
        precondition(byteCount >= 0 && byteCount <= count, "a buffer cannot be truncated to more than it holds")
        end = start + byteCount
    }

    /// Writes `text` over what lies at `offset`.
    mutating func overwrite(at offset: Int, _ text: StaticString) {
        unsafe overwrite(at: offset, UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Writes `source` over what lies at `offset`.
    mutating func overwrite(at offset: Int, _ source: UnsafeRawBufferPointer) {
        precondition(offset >= 0 && source.count <= count - offset, "the bytes lie outside the buffer")
        unsafe UnsafeMutableRawBufferPointer(rebasing: mutableBytes[offset...]).copyMemory(from: source)
    }

    /// Takes `gap` bytes out of the buffer at `offset` by moving what precedes them.
    mutating func close(gap: Int, at offset: Int) {
        precondition(gap >= 0 && offset >= 0 && gap <= count - offset, "the gap lies outside the buffer")
        guard gap > 0, let base = unsafe memory else { return }
        unsafe memmove(base + start + gap, base + start, offset)
        start += gap
    }

    /// Gives the memory away, leaving nothing to free.
    consuming func surrender() -> (memory: UnsafeMutableRawPointer?, capacity: Int) {
        let result = unsafe (memory, capacity)
        discard self
        return unsafe result
    }

    private mutating func makeRoom(_ byteCount: Int) {
        let used = count
        if start > 0, let base = unsafe memory {
            unsafe memmove(base, base + start, used)
            start = 0
            end = used
        }
        if byteCount <= capacity - used, unsafe memory != nil { return }
        if used > limit {
            hasDropped = true
            removeAll()
            return makeRoom(byteCount)
        }
        let (needed, overflow) = used.addingReportingOverflow(byteCount)
        precondition(!overflow, "a buffer of more than Int.max bytes")
        let wanted = max(needed, min(capacity * 2, limit), 256)
        guard let grown = unsafe realloc(memory, wanted) else {
            fatalError("out of memory: a buffer of \(wanted) bytes was refused")
        }
        unsafe memory = grown
        capacity = wanted
    }
}

private func decimalDigitCount(_ number: UInt) -> Int {
    var count = 1
    var rest = number / 10
    while rest > 0 {
        count += 1
        rest /= 10
    }
    return count
}

/// Writes the digits of `number` so that the last one lies just before `end`; returns where the first one lies.
@discardableResult
func writeDecimal(_ number: UInt, endingAt end: Int, in space: UnsafeMutableRawBufferPointer) -> Int {
    var at = end
    var rest = number
    repeat {
        at -= 1
        unsafe space[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
    } while rest > 0
    return at
}
