/// A protobuf message that is put together of small parts, which are copied, and of large ones, which stay where they are until the
/// whole message is written: they are copied once.
@safe package struct WireAssembly {
    private var bytes: [UInt8] = []
    private var inserts: [Insert] = unsafe []
    package private(set) var byteCount = 0

    @unsafe private struct Insert {
        /// Bytes of the small parts that stand before it.
        let offset: Int
        let content: UnsafeRawBufferPointer
    }

    package init() {}

    package mutating func append(_ part: WireWriter) {
        bytes.append(contentsOf: part.bytes)
        byteCount += part.bytes.count
    }

    /// Content that the caller keeps alive and unchanged until the message is written.
    @unsafe package mutating func insert(_ content: UnsafeRawBufferPointer) {
        unsafe inserts.append(Insert(offset: bytes.count, content: content))
        byteCount += content.count
    }

    /// The whole message.
    package var message: [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { target, count in
            unsafe write(to: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(target)[..<byteCount]))
            count = byteCount
        }
    }

    /// - Parameter target: of `byteCount` bytes.
    package func write(to target: UnsafeMutableRawBufferPointer) {
        precondition(target.count == byteCount, "a message of \(byteCount) bytes is written to \(target.count)")
        unsafe bytes.withUnsafeBytes { bytes in
            var position = 0, written = 0
            func write(_ content: UnsafeRawBufferPointer) {
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[position..<position + content.count]).copyMemory(from: content)
                position += content.count
            }
            for index in unsafe inserts.indices {
                let insert = unsafe inserts[index]
                unsafe write(UnsafeRawBufferPointer(rebasing: bytes[written..<insert.offset]))
                written = unsafe insert.offset
                unsafe write(insert.content)
            }
            unsafe write(UnsafeRawBufferPointer(rebasing: bytes[written...]))
        }
    }
}
