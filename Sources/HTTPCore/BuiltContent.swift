/// The header fields and the content of a JSON response, built outside the handler's call, so that the loop has only to send them.
///
/// One thread at a time owns it: the one that builds it, then, by way of the mailbox, the connection's loop.
final class BuiltContent: @unchecked Sendable {
    /// What the content has become, and what its head has to say about that.
    private enum Form {
        /// As every client gets it.
        case only
        /// As it was built, although other clients may get it compressed.
        case plain
        case compressed(ContentCoding)
    }

    /// Bytes before the content that are left for what precedes it on the connection: the head, above all.
    private static let headroom = 1024
    /// Content from this length on is sent from where it was built; less is cheaper to copy.
    private static let leastMovedByteCount = MemoryPool.bufferByteCount

    // Named with their type, as a literal argument would be a String first.
    private static let lengthFieldStart: StaticString = "Content-Length: "
    private static let varyField: StaticString = "\r\nVary: Accept-Encoding"
    private static let encodingField: StaticString = "\r\nContent-Encoding: "

    /// Complete header lines.
    let fields: ByteBuffer
    /// The headroom and the content.
    private var bytes: ByteBuffer
    private let form: Form
    private let byteCount: Int
    /// Whether there was more content than a response may have: it is not to be sent.
    let isOverLimit: Bool

    /// Runs both closures, and compresses the content when it is large, or the client asks for it, and the client prefers that.
    ///
    /// - Parameter context: Only what never changes is read of it, as this runs on any thread.
    init(
        _ preference: ContentPreference, _ compression: ResponseCompression, _ context: ConnectionContext,
        fields appendFields: (inout ByteBuffer) -> Void,
        content appendContent: (inout ByteBuffer) -> Void
    ) {
        var fields = ByteBuffer()
        appendFields(&fields)
        self.fields = fields
        var built = Self.makeBuffer(limit: context.limits.maxResponseBytes)
        appendContent(&built)
        isOverLimit = built.isOverLimit
        let isLarge = built.count - Self.headroom >= context.compressionThreshold
        let isAsked = compression == .whenAsked && preference.isWish && context.compressionThreshold < .max
        if isLarge || isAsked, !isOverLimit, let coding = preference.coding,
            let compressed = Self.compress(built, coding, isAsked: isAsked, level: context.limits.compressionLevel)
        {
            bytes = compressed
            form = .compressed(coding)
        } else {
            bytes = built
            form = isLarge || compression == .whenAsked ? .plain : .only
        }
        byteCount = bytes.count - Self.headroom
    }

    /// Appends the fields that describe the content, and the end of the head.
    func appendDescription(to head: inout ByteBuffer) {
        head.append(Self.lengthFieldStart)
        head.append(decimal: byteCount)
        switch form {
        case .only: break
        case .plain: head.append(Self.varyField)
        case .compressed(let coding):
            head.append(Self.varyField)
            head.append(Self.encodingField)
            head.append(coding.name)
        }
        let headEnd: StaticString = "\r\n\r\n"
        head.append(headEnd)
    }

    /// Appends the content to the output, on the loop and at most once.
    ///
    /// Large content is not copied: what the output holds moves into the headroom, and the buffers change places.
    func move(to output: inout ByteBuffer, _ pool: inout MemoryPool) {
        guard byteCount >= Self.leastMovedByteCount, output.count <= Self.headroom else {
            return unsafe output.append(UnsafeRawBufferPointer(rebasing: bytes.bytes[Self.headroom...]))
        }
        bytes.consume(Self.headroom - output.count)
        unsafe bytes.overwrite(at: 0, output.bytes)
        pool.give(exchange(&output, with: exchange(&bytes, with: ByteBuffer())))
    }

    /// An empty buffer behind the headroom.
    private static func makeBuffer(limit: Int = .max) -> ByteBuffer {
        var buffer = ByteBuffer(limit: limit)
        _ = unsafe buffer.reserve(headroom)
        buffer.commit(headroom)
        return buffer
    }

    /// - Returns: nil when the compressed form would be no shorter.
    private static func compress(
        _ built: borrowing ByteBuffer, _ coding: ContentCoding, isAsked: Bool, level: Int
    ) -> ByteBuffer? {
        var compressed = makeBuffer()
        let content = unsafe UnsafeRawBufferPointer(rebasing: built.bytes[headroom...])
        guard unsafe ContentCoder(level: level).compress(content, coding, isAsked: isAsked, into: &compressed) else { return nil }
        return consume compressed
    }
}
