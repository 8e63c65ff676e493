import CZlib

/// Inflates content that may come in pieces: gzip (RFC 1952), zlib (RFC 1950) and raw deflate (RFC 1951).
///
/// Made once and used again with `begin`: it owns up to 40 kB. Not safe to share between threads.
@safe package final class Inflater {
    private enum Stage {
        /// Two bytes distinguish zlib from raw deflate; one may have come.
        case undecided(first: UInt8?)
        case data
        /// A gzip member is complete; another one may follow (RFC 1952 §2.2).
        case memberEnd
        case end
    }

    /// zlib's numbers for the formats, all with the largest window.
    private enum WindowBits {
        static let gzip: Int32 = 31
        static let zlib: Int32 = 15
        static let raw: Int32 = -15
    }

    /// Room that is made for output at a time, before there is as much.
    private static let firstStep = 16 * 1024
    private static let gzipMagic: UInt8 = 0x1F

    /// In memory of its own, as zlib's state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>
    private var coding = ContentCoding.gzip
    private var stage = Stage.data
    private var consumedCount = 0
    private var producedCount = 0

    package init() throws(InflateFault) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe apus_inflate_begin(stream, WindowBits.gzip) == Z_OK else {
            unsafe stream.deallocate()
            throw .outOfMemory
        }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Makes ready for new content, whatever became of the last.
    package func begin(_ coding: ContentCoding) {
        self.coding = coding
        consumedCount = 0
        producedCount = 0
        switch coding {
        case .gzip: start(WindowBits.gzip)
        case .deflate: stage = .undecided(first: nil)
        }
    }

    /// Inflates the next piece to the end of `output`.
    ///
    /// - Parameter limit: Bytes that the content may inflate to in all; no more than one byte beyond is ever made.
    package func inflate(_ input: UnsafeRawBufferPointer, into output: inout ByteBuffer, limit: Int) throws(InflateFault) {
        var rest = unsafe input
        while unsafe !rest.isEmpty {
            switch stage {
            case .undecided(let first): try unsafe decide(first, &rest, &output, limit)
            case .data: try unsafe advance(&rest, &output, limit)
            case .memberEnd:
                guard unsafe rest[0] == Self.gzipMagic else { throw trailing }
                start(WindowBits.gzip)
            case .end: throw trailing
            }
        }
    }

    /// Ends the input: there are no further pieces: the content must be complete.
    package func finish() throws(InflateFault) {
        switch stage {
        case .memberEnd, .end: return
        case .undecided, .data: throw .truncated(offset: consumedCount)
        }
    }

    private var trailing: InflateFault { .corrupt(offset: consumedCount, reason: "bytes follow the end of the compressed data") }

    private func start(_ windowBits: Int32) {
        // It fails only for a stream that was never made or a number of bits that is none of the above.
        let code = unsafe inflateReset2(stream, windowBits)
        precondition(code == Z_OK, "zlib refused to begin anew: \(code)")
        stage = .data
    }

    /// Finds out whether "deflate" means what it should or the data alone.
    ///
    /// The two bytes of a zlib header are a multiple of 31, and the low half of the first is 8 (RFC 1950 §2.2). A raw
    /// stream starts like that only with a stored block whose padding is not zero, which no encoder writes.
    private func decide(
        _ first: UInt8?, _ rest: inout UnsafeRawBufferPointer, _ output: inout ByteBuffer, _ limit: Int
    ) throws(InflateFault) {
        guard let second = unsafe first == nil ? (rest.count > 1 ? rest[1] : nil) : rest[0] else {
            stage = unsafe .undecided(first: rest[0])
            consumedCount += 1
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[1...])
            return
        }
        let header = unsafe first ?? rest[0]
        let isZlib = header & 0x0F == 8 && header >> 4 <= 7 && (UInt16(header) << 8 | UInt16(second)) % 31 == 0
        start(isZlib ? WindowBits.zlib : WindowBits.raw)
        guard let first else { return }
        consumedCount -= 1
        try unsafe withUnsafeBytes(of: first) { (byte) throws(InflateFault) in
            var byte = unsafe byte
            try unsafe advance(&byte, &output, limit)
        }
    }

    /// Gives `rest` to zlib until it is used up or the stream ends; what is left stays in `rest`.
    private func advance(
        _ rest: inout UnsafeRawBufferPointer, _ output: inout ByteBuffer, _ limit: Int
    ) throws(InflateFault) {
        let offered = min(rest.count, Int(UInt32.max))
        // zlib does not write to its input; its header leaves out the `const`.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: rest.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe stream.pointee.avail_in = UInt32(offered)
        let code = try fill(&output, limit)
        let consumed = unsafe offered - Int(stream.pointee.avail_in)
        consumedCount += consumed
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
        switch code {
        case Z_OK: break
        // Nothing was left to do, which is so when a piece ends where zlib had paused.
        case Z_BUF_ERROR where unsafe rest.isEmpty: break
        case Z_STREAM_END: stage = coding == .gzip ? .memberEnd : .end
        case Z_NEED_DICT: throw .corrupt(offset: consumedCount, reason: "it needs a preset dictionary")
        case Z_MEM_ERROR: throw .outOfMemory
        default: throw .corrupt(offset: consumedCount, reason: message)
        }
    }

    /// Inflates until zlib has no more to give for its present input.
    private func fill(_ output: inout ByteBuffer, _ limit: Int) throws(InflateFault) -> Int32 {
        while true {
            let wanted = min(max(Self.firstStep, output.count), Int(UInt32.max))
            let allowed = limit - producedCount
            let room = allowed < wanted ? allowed + 1 : wanted
            unsafe stream.pointee.next_out = output.reserve(room).assumingMemoryBound(to: UInt8.self)
            unsafe stream.pointee.avail_out = UInt32(room)
            let code = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
            let isFull = unsafe stream.pointee.avail_out == 0
            let written = unsafe room - Int(stream.pointee.avail_out)
            output.commit(written)
            producedCount += written
            guard producedCount <= limit else { throw .tooLarge(limit: limit) }
            guard code == Z_OK, isFull else { return code }
        }
    }

    private var message: String {
        guard let text = unsafe stream.pointee.msg else { return "no deflate data" }
        return unsafe String(cString: text)
    }
}
