import CZlib

/// Compresses content to one coding, one whole at a time.
///
/// Made once and used again: it owns 262 kB whatever it compresses. Not safe to share between threads.
@safe package final class Deflater {
    /// 1 is fastest, 9 smallest.
    package static let levels = 1...9

    /// zlib's number for a coding with the largest window.
    private static func windowBits(_ coding: ContentCoding) -> Int32 {
        switch coding {
        case .gzip: 31
        case .deflate: 15
        }
    }

    /// zlib's default: 128 kB for its hash chains.
    private static let memoryLevel: Int32 = 8
    /// Room that is made for output at a time, before there is as much.
    private static let firstStep = 8 * 1024

    /// In memory of its own, as zlib's state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Returns: nil when the system refuses the memory.
    package init?(level: Int, coding: ContentCoding = .gzip) {
        let level = min(max(level, Self.levels.lowerBound), Self.levels.upperBound)
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe apus_deflate_begin(stream, Int32(level), Self.windowBits(coding), Self.memoryLevel) == Z_OK else {
            unsafe stream.deallocate()
            return nil
        }
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Appends `content`, compressed, to `output`; returns false, with nothing appended, when that would take more than
    /// `maxByteCount` bytes.
    package func compress(_ content: UnsafeRawBufferPointer, into output: inout ByteBuffer, maxByteCount: Int) -> Bool {
        // It fails only for a stream that was never made.
        let code = unsafe deflateReset(stream)
        precondition(code == Z_OK, "zlib refused to begin anew: \(code)")
        let start = output.count
        var rest = unsafe content
        repeat {
            let offered = min(rest.count, Int(UInt32.max))
            // zlib does not write to its input; its header leaves out the `const`.
            unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: rest.baseAddress?.assumingMemoryBound(to: UInt8.self))
            unsafe stream.pointee.avail_in = UInt32(offered)
            let isLast = offered == rest.count
            guard drain(into: &output, upTo: start + maxByteCount, isLast ? Z_FINISH : Z_NO_FLUSH) else {
                output.truncate(to: start)
                return false
            }
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[offered...])
        } while unsafe !rest.isEmpty
        return true
    }

    /// Compresses the present input; returns false when the output would grow beyond `end`.
    private func drain(into output: inout ByteBuffer, upTo end: Int, _ flush: Int32) -> Bool {
        while output.count < end {
            let room = min(max(Self.firstStep, output.count), end - output.count, Int(UInt32.max))
            unsafe stream.pointee.next_out = output.reserve(room).assumingMemoryBound(to: UInt8.self)
            unsafe stream.pointee.avail_out = UInt32(room)
            let code = unsafe deflate(stream, flush)
            unsafe output.commit(room - Int(stream.pointee.avail_out))
            if flush == Z_FINISH ? code == Z_STREAM_END : unsafe stream.pointee.avail_out > 0 { return true }
        }
        return false
    }
}
