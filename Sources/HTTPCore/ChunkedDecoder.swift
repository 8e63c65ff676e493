/// Removes the chunked framing of a body in place (RFC 9112 §7.1).
///
/// The data moves down to where the body starts, so that it ends up as one run of bytes right after the head; each
/// byte moves at most once. Offsets count from the request's first byte.
struct ChunkedDecoder {
    private enum Stage: Equatable {
        case sizeLine
        case data(remaining: Int)
        case dataEnd
        case trailers
        case complete
    }

    private var stage = Stage.sizeLine
    private let bodyStart: Int
    private var lines = LineReader()
    private var extensionBytes = 0
    private var trailerBytes = 0
    /// End of the body decoded so far.
    private(set) var bodyEnd: Int
    /// First byte that is not yet decoded; when complete, the first byte after the request.
    private(set) var rawStart: Int

    init(bodyStart: Int) {
        self.bodyStart = bodyStart
        bodyEnd = bodyStart
        rawStart = bodyStart
    }

    /// Decodes what there is of `request`; returns whether the body is complete. When it is not, the bytes that are
    /// not decoded yet lie right after the decoded ones and `rawEnd` is where they end; the rest is free.
    mutating func advance(
        _ request: UnsafeMutableRawBufferPointer, limits: ConnectionLimits, rawEnd: inout Int
    ) throws(ProtocolRefusal) -> Bool {
        while stage != .complete {
            // Taken anew for every step, as the step before may have moved data.
            let bytes = unsafe UnsafeBufferPointer(request.assumingMemoryBound(to: UInt8.self)).span
            let advanced: Bool
            switch stage {
            case .sizeLine: advanced = try readSizeLine(bytes, limits)
            case .data(let remaining): advanced = unsafe moveData(request, remaining)
            case .dataEnd: advanced = try readDataEnd(bytes)
            case .trailers: advanced = try readTrailer(bytes, limits)
            case .complete: advanced = false
            }
            if !advanced {
                unsafe compact(request)
                rawEnd = bodyEnd + (request.count - rawStart)
                lines.bytesMovedDown(by: rawStart - bodyEnd)
                rawStart = bodyEnd
                return false
            }
        }
        rawEnd = request.count
        return true
    }

    /// chunk-size [ chunk-ext ] CRLF.
    private mutating func readSizeLine(_ bytes: Span<UInt8>, _ limits: ConnectionLimits) throws(ProtocolRefusal) -> Bool {
        let tooLong = ProtocolRefusal(
            .contentTooLarge, "the chunk extensions of the body are longer than \(limits.maxChunkExtensionBytes) bytes")
        let maxBytes = ChunkSizeLine.maxDigits + 2 + limits.maxChunkExtensionBytes - extensionBytes
        guard let lineFeed = try lines.endOfLine(bytes, start: rawStart, maxBytes: maxBytes, tooLong: tooLong) else {
            return false
        }
        let line = try ChunkSizeLine(bytes.extracting(rawStart..<lineFeed - 1))
        extensionBytes += line.extensionBytes
        guard extensionBytes <= limits.maxChunkExtensionBytes else { throw tooLong }
        guard line.size <= limits.maxBodyBytes - (bodyEnd - bodyStart) else { throw .bodyTooLarge(limits) }
        rawStart = lineFeed + 1
        stage = line.size == 0 ? .trailers : .data(remaining: line.size)
        return true
    }

    private mutating func moveData(_ request: UnsafeMutableRawBufferPointer, _ remaining: Int) -> Bool {
        let count = min(remaining, request.count - rawStart)
        guard count > 0 else { return false }
        unsafe move(request, count)
        rawStart += count
        bodyEnd += count
        stage = count == remaining ? .dataEnd : .data(remaining: remaining - count)
        return true
    }

    private mutating func readDataEnd(_ bytes: Span<UInt8>) throws(ProtocolRefusal) -> Bool {
        if rawStart < bytes.count, bytes[rawStart] != UInt8(ascii: "\r") { throw Self.overlongChunk }
        guard rawStart + 1 < bytes.count else { return false }
        guard bytes[rawStart + 1] == UInt8(ascii: "\n") else { throw Self.overlongChunk }
        rawStart += 2
        stage = .sizeLine
        return true
    }

    private static let overlongChunk = ProtocolRefusal.bad("a chunk does not end in CRLF after the bytes that its size announced")

    /// Trailer fields are checked like headers and dropped (RFC 9112 §7.1.2).
    private mutating func readTrailer(_ bytes: Span<UInt8>, _ limits: ConnectionLimits) throws(ProtocolRefusal) -> Bool {
        let found = try lines.endOfLine(
            bytes, start: rawStart, maxBytes: limits.maxTrailerBytes - trailerBytes,
            tooLong: ProtocolRefusal(
                .headerFieldsTooLarge, "the trailers are longer than \(limits.maxTrailerBytes) bytes"))
        guard let lineFeed = found else { return false }
        if lineFeed - 1 == rawStart {
            stage = .complete
        } else {
            _ = try FieldLine(bytes, rawStart..<lineFeed - 1)
        }
        trailerBytes += lineFeed + 1 - rawStart
        rawStart = lineFeed + 1
        return true
    }

    /// Moves what is not decoded yet down to the end of the body.
    private func compact(_ request: UnsafeMutableRawBufferPointer) {
        unsafe move(request, request.count - rawStart)
    }

    private func move(_ request: UnsafeMutableRawBufferPointer, _ count: Int) {
        guard count > 0, bodyEnd != rawStart else { return }
        let source = unsafe UnsafeRawBufferPointer(rebasing: request[rawStart..<rawStart + count])
        unsafe UnsafeMutableRawBufferPointer(rebasing: request[bodyEnd..<bodyEnd + count]).copyMemory(from: source)
    }
}
