import CZlib

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The members of a ZIP archive in memory, stored or deflated, as NumPy's `.npz` files are. Borrows the bytes.
///
/// Only the central directory counts; of a member's own header nothing but its length is read. Sizes are checked against the limits
/// before anything is inflated, and no member inflates to more than it says.
///
/// Source: PKWARE APPNOTE 6.3: end of central directory record (§4.3.16), central directory header (§4.3.12), local header (§4.3.7).
@safe package struct ZipArchive {
    package struct Limits: Sendable {
        package var memberCount = 1024
        /// Bytes of all members together, inflated.
        package var byteCount: Int

        package init(byteCount: Int) { self.byteCount = byteCount }
    }

    package struct Member: Sendable {
        package let name: String
        /// Inflated.
        package let byteCount: Int
        fileprivate let isDeflated: Bool
        fileprivate let checksum: UInt32
        fileprivate let data: Range<Int>
    }

    private enum Signature {
        static let end: UInt32 = 0x0605_4B50
        static let directory: UInt32 = 0x0201_4B50
        static let local: UInt32 = 0x0403_4B50
    }

    private static let endByteCount = 22
    private static let maximumCommentByteCount = 65_535

    private let bytes: UnsafeRawBufferPointer
    private var byteCount: Int { unsafe bytes.count }
    /// In the order of the directory; names are unique.
    package private(set) var members: [Member] = []

    package init(_ bytes: UnsafeRawBufferPointer, limits: Limits) throws(TensorCodecError) {
        unsafe self.bytes = bytes
        let end = try endOfDirectory()
        let count = Int(number16(end + 10))
        guard number16(end + 8) == number16(end + 10), number16(end + 4) == 0 else {
            throw .unsupported("is a part of a ZIP archive of several files")
        }
        guard count <= limits.memberCount else {
            throw .tooLarge("is a ZIP archive of \(count) members, the limit is \(limits.memberCount)")
        }
        var offset = Int(number32(end + 16)), total = 0
        var names: Set<String> = []
        for _ in 0..<count {
            let (member, next) = try member(at: offset, before: end)
            guard names.insert(member.name).inserted else { throw .malformed("is a ZIP archive with two members \"\(member.name)\"") }
            guard member.byteCount <= limits.byteCount - total else {
                throw .tooLarge("is a ZIP archive whose members inflate to more than \(limits.byteCount) bytes, which is the limit")
            }
            total += member.byteCount
            members.append(member)
            offset = next
        }
    }

    /// The record stands at the end, before a comment that is hardly ever there.
    private func endOfDirectory() throws(TensorCodecError) -> Int {
        let last = byteCount - Self.endByteCount
        guard last >= 0 else { throw .malformed("is no ZIP archive: it is too short") }
        for start in stride(from: last, through: max(0, last - Self.maximumCommentByteCount), by: -1)
        where number32(start) == Signature.end && Int(number16(start + 20)) == last - start {
            return start
        }
        throw .malformed("is no ZIP archive, or is cut off: it has no end of a central directory")
    }

    private func member(at offset: Int, before end: Int) throws(TensorCodecError) -> (Member, next: Int) {
        guard offset <= end - 46, number32(offset) == Signature.directory else {
            throw .malformed("is a ZIP archive with a damaged directory")
        }
        let nameByteCount = Int(number16(offset + 28))
        let next = offset + 46 + nameByteCount + Int(number16(offset + 30)) + Int(number16(offset + 32))
        guard next <= end else { throw .malformed("is a ZIP archive with a damaged directory") }
        let name = unsafe String(
            decoding: UnsafeRawBufferPointer(rebasing: bytes[offset + 46..<offset + 46 + nameByteCount]), as: UTF8.self)
        let flags = number16(offset + 8), method = number16(offset + 10)
        let compressed = number32(offset + 20), byteCount = number32(offset + 24), start = number32(offset + 42)
        guard flags & 1 == 0 else { throw .unsupported("is a ZIP archive whose member \"\(name)\" is encrypted") }
        guard method == 0 || method == 8 else {
            throw .unsupported("is a ZIP archive whose member \"\(name)\" is compressed by method \(method), expected 0 or 8 (deflate)")
        }
        guard compressed != .max, byteCount != .max, start != .max else {
            throw .unsupported("is a ZIP64 archive of 4 GiB or more")
        }
        let data = try dataRange(header: Int(start), byteCount: Int(compressed), name)
        guard method == 8 || data.count == Int(byteCount) else {
            throw .malformed("is a ZIP archive whose member \"\(name)\" is stored with \(data.count) bytes of \(byteCount)")
        }
        let member = Member(
            name: name, byteCount: Int(byteCount), isDeflated: method == 8, checksum: number32(offset + 16), data: data)
        return (member, next)
    }

    private func dataRange(header: Int, byteCount: Int, _ name: String) throws(TensorCodecError) -> Range<Int> {
        guard header <= self.byteCount - 30, number32(header) == Signature.local else {
            throw .malformed("is a ZIP archive whose member \"\(name)\" has no header")
        }
        let start = header + 30 + Int(number16(header + 26)) + Int(number16(header + 28))
        guard start <= self.byteCount, byteCount <= self.byteCount - start else {
            throw .malformed("is a ZIP archive whose member \"\(name)\" is cut off")
        }
        return start..<start + byteCount
    }

    /// Lends the contents of a member, inflated and compared with their checksum.
    package func withContents<Result>(
        of member: Member, _ body: (UnsafeRawBufferPointer) throws(TensorCodecError) -> Result
    ) throws(TensorCodecError) -> Result {
        let data = unsafe UnsafeRawBufferPointer(rebasing: bytes[member.data])
        guard member.isDeflated else {
            try unsafe check(data, member)
            return try unsafe body(data)
        }
        guard let memory = unsafe malloc(max(1, member.byteCount)) else { throw .outOfMemory(byteCount: member.byteCount) }
        defer { unsafe free(memory) }
        let contents = unsafe UnsafeMutableRawBufferPointer(start: memory, count: member.byteCount)
        try unsafe inflate(data, into: contents, member)
        try unsafe check(UnsafeRawBufferPointer(contents), member)
        return try unsafe body(UnsafeRawBufferPointer(contents))
    }

    private func check(_ contents: UnsafeRawBufferPointer, _ member: Member) throws(TensorCodecError) {
        guard unsafe ZipChecksum.of(contents) == member.checksum else {
            throw .malformed("is a ZIP archive whose member \"\(member.name)\" is damaged: its checksum differs")
        }
    }

    /// One call, as both sizes are known: a member that is longer or shorter than it says is damaged.
    private func inflate(
        _ data: UnsafeRawBufferPointer, into contents: UnsafeMutableRawBufferPointer, _ member: Member
    ) throws(TensorCodecError) {
        var stream = unsafe z_stream()
        guard unsafe apus_inflate_begin(&stream, -15) == Z_OK else { throw .outOfMemory(byteCount: member.byteCount) }
        defer { unsafe inflateEnd(&stream) }
        guard let input = UInt32(exactly: data.count), let output = UInt32(exactly: contents.count) else {
            throw .unsupported("is a ZIP archive whose member \"\(member.name)\" has 4 GiB or more")
        }
        // zlib does not write to its input; its header leaves out the `const`.
        unsafe stream.next_in = UnsafeMutablePointer(mutating: data.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe stream.avail_in = input
        unsafe stream.next_out = contents.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.avail_out = output
        let code = unsafe CZlib.inflate(&stream, Z_FINISH)
        guard code == Z_STREAM_END, unsafe stream.avail_out == 0, unsafe stream.avail_in == 0 else {
            throw .malformed("is a ZIP archive whose member \"\(member.name)\" does not inflate to its \(member.byteCount) bytes")
        }
    }

    // Callers have made sure that the numbers lie inside, or compare what they get; outside there are zeros.

    private func number16(_ offset: Int) -> UInt16 {
        guard offset >= 0, offset <= byteCount - 2 else { return 0 }
        return unsafe UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    private func number32(_ offset: Int) -> UInt32 {
        guard offset >= 0, offset <= byteCount - 4 else { return 0 }
        return unsafe UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}

/// CRC-32 as ZIP has it.
enum ZipChecksum {
    static func of(_ bytes: UnsafeRawBufferPointer, following checksum: UInt32 = 0) -> UInt32 {
        guard let start = bytes.baseAddress else { return checksum }
        return UInt32(truncatingIfNeeded: unsafe crc32_z(UInt(checksum), start.assumingMemoryBound(to: UInt8.self), bytes.count))
    }
}
