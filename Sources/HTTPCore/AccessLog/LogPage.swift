/// Lines on their way from a loop to the destination; at any time one of the two has it.
final class LogPage: @unchecked Sendable {
    /// A loop gives a page away when it holds this much.
    static let fullByteCount = 32 * 1024
    /// Room for the longest line beyond that, so that a page in use never grows.
    private static let capacity = 64 * 1024

    private(set) var buffer = ByteBuffer()
    private(set) var recordCount = 0
    /// Bytes at the front that the destination has taken.
    private(set) var writtenByteCount = 0

    init() { _ = unsafe buffer.reserve(Self.capacity) }

    var byteCount: Int { buffer.count }
    var isFull: Bool { buffer.count >= Self.fullByteCount }

    /// Adds one record, which `write` appends.
    func addRecord(_ write: (inout ByteBuffer) -> Void) {
        write(&buffer)
        recordCount += 1
    }

    func noteWritten(_ byteCount: Int) { writtenByteCount += byteCount }

    /// Goes back to the start of the line that was interrupted, so that another file gets it whole.
    func rewindToLineStart() {
        while writtenByteCount > 0, unsafe buffer.bytes[writtenByteCount - 1] != UInt8(ascii: "\n") { writtenByteCount -= 1 }
    }

    func removeAll() {
        buffer.removeAll()
        recordCount = 0
        writtenByteCount = 0
    }
}
