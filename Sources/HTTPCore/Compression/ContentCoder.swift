/// Removes the content codings of requests and applies one to responses, for all connections of one loop.
///
/// zlib's state is made when it is first needed and kept, so that a request or a response allocates none; connections
/// own none of it. Confined to the loop.
final class ContentCoder {
    private var inflater: Inflater?
    private var gzip: Deflater?
    private var zlib: Deflater?
    private let level: Int

    init(level: Int) { self.level = level }

    /// Appends the decoded content to `output`.
    ///
    /// - Parameter limit: Bytes that the content, and what lies between two codings, may inflate to.
    func decode(
        _ content: UnsafeRawBufferPointer, _ codings: ContentCodings, limit: Int, into output: inout ByteBuffer
    ) throws(ContentRefusal) {
        guard codings.isSupported, let outer = codings.outer else { throw .unsupported }
        guard let inner = codings.inner else { return try unsafe remove(outer, content, limit, &output) }
        var between = ByteBuffer()
        try unsafe remove(outer, content, limit, &between)
        try unsafe remove(inner, between.bytes, limit, &output)
    }

    private func remove(
        _ coding: ContentCoding, _ content: UnsafeRawBufferPointer, _ limit: Int, _ output: inout ByteBuffer
    ) throws(ContentRefusal) {
        do throws(InflateFault) {
            let inflater = if let inflater { inflater } else { try Inflater() }
            self.inflater = inflater
            inflater.begin(coding)
            try unsafe inflater.inflate(content, into: &output, limit: limit)
            try inflater.finish()
        } catch {
            throw .undecodable(coding, error)
        }
    }

    /// Bytes that the codings add to content that does not become shorter: header, trailer and the marks of stored blocks.
    private static let overheadByteCount = 1024

    /// Appends `content` in this coding to `output`; returns false, with nothing appended, when that is not shorter.
    ///
    /// - Parameter isAsked: the client asks for it, so that it need not be shorter.
    func compress(
        _ content: UnsafeRawBufferPointer, _ coding: ContentCoding, isAsked: Bool, into output: inout ByteBuffer
    ) -> Bool {
        guard let deflater = deflater(coding) else { return false }
        let limit = isAsked ? content.count + content.count / 1000 + Self.overheadByteCount : content.count - 1
        return unsafe deflater.compress(content, into: &output, maxByteCount: limit)
    }

    private func deflater(_ coding: ContentCoding) -> Deflater? {
        switch coding {
        case .gzip:
            if gzip == nil { gzip = Deflater(level: level) }
            return gzip
        case .deflate:
            if zlib == nil { zlib = Deflater(level: level, coding: .deflate) }
            return zlib
        }
    }
}
