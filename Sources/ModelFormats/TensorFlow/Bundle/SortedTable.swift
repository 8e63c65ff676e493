import CSnappy
import ProtobufWire
import Tensors

/// The entries of a sorted-table file in the order of their keys.
///
/// Source: LevelDB's table format, as TensorFlow's `core/lib/io/format.cc` and `block.cc` read it: a footer of 48 bytes names the
/// index block, whose entries name the data blocks; blocks are followed by their compression and checksum.
@safe struct SortedTable {
    struct Entry {
        let key: [UInt8]
        let value: [UInt8]
    }

    /// A refusal, as the end of a sentence that begins with the file's name.
    struct Damage: Error {
        let reason: String
    }

    private(set) var entries: [Entry] = []

    private static let footerByteCount = 48
    private static let magic: UInt64 = 0xDB47_7524_8B80_FB57
    private static let trailerByteCount = 5
    /// A checkpoint of a hundred thousand variables has an index of some 10 MB.
    static let maximumByteCount = 256 << 20

    private let file: UnsafeRawBufferPointer
    private var byteCount = 0

    /// - Parameter file: the whole file; read during the call alone.
    @unsafe init(_ file: UnsafeRawBufferPointer) throws(Damage) {
        unsafe self.file = unsafe file
        guard file.count >= Self.footerByteCount else { throw Damage(reason: "has \(file.count) bytes, a footer alone has 48") }
        let footer = unsafe Array(file.suffix(Self.footerByteCount))
        guard footer[40...].reversed().reduce(0 as UInt64, { $0 << 8 | UInt64($1) }) == Self.magic else {
            throw Damage(reason: "does not end as a sorted table does")
        }
        var handles = footer[..<40]
        _ = try handle(&handles)
        let index = try block(try handle(&handles))
        for entry in try Self.entries(of: index) {
            var reader = [UInt8](entry.value)[...]
            entries += try Self.entries(of: try block(try handle(&reader)))
        }
        for (earlier, later) in zip(entries, entries.dropFirst()) where !earlier.key.lexicographicallyPrecedes(later.key) {
            throw Damage(reason: "has keys out of order")
        }
    }

    // MARK: Blocks

    /// Where a block lies, without its trailer.
    private func handle(_ bytes: inout ArraySlice<UInt8>) throws(Damage) -> Range<Int> {
        let offset = try Varint.read(&bytes), size = try Varint.read(&bytes)
        let limit = unsafe UInt64(file.count)
        guard offset <= limit, size <= limit - offset, limit - offset - size >= UInt64(Self.trailerByteCount) else {
            throw Damage(reason: "names a block of \(size) bytes at \(offset), beyond its end at \(limit)")
        }
        return Int(offset)..<Int(offset + size)
    }

    /// The contents of a block, uncompressed.
    private mutating func block(_ range: Range<Int>) throws(Damage) -> [UInt8] {
        let trailer = range.upperBound
        let stored = unsafe file.loadUnaligned(fromByteOffset: trailer + 1, as: UInt32.self).littleEndian
        let checked = unsafe UnsafeRawBufferPointer(rebasing: file[range.lowerBound...trailer])
        guard unsafe MaskedChecksum.of(checked) == stored else {
            throw Damage(reason: "has a wrong checksum in its block at byte \(range.lowerBound)")
        }
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: file[range])
        switch unsafe file[trailer] {
        case 0:
            try count(bytes.count)
            return unsafe Array(bytes)
        case 1: return try unsafe uncompressed(bytes)
        case let other: throw Damage(reason: "has a block of compression \(other), expected 0 (none) or 1 (Snappy)")
        }
    }

    private mutating func uncompressed(_ bytes: UnsafeRawBufferPointer) throws(Damage) -> [UInt8] {
        let input = unsafe bytes.assumingMemoryBound(to: CChar.self)
        var length = 0
        guard unsafe snappy_uncompressed_length(input.baseAddress, input.count, &length) == SNAPPY_OK else {
            throw Damage(reason: "has a block that is not Snappy's")
        }
        try count(length)
        var isSound = true
        let result = unsafe [UInt8](unsafeUninitializedCapacity: length) { target, count in
            let output = unsafe UnsafeMutableRawPointer(target.baseAddress)?.assumingMemoryBound(to: CChar.self)
            count = length
            isSound = unsafe snappy_uncompress(input.baseAddress, input.count, output, &count) == SNAPPY_OK && count == length
            if !isSound { count = 0 }
        }
        guard isSound else { throw Damage(reason: "has a block that Snappy cannot uncompress") }
        return result
    }

    private mutating func count(_ found: Int) throws(Damage) {
        guard found >= 0, found <= Self.maximumByteCount - byteCount else {
            throw Damage(reason: "takes more than \(Self.maximumByteCount) bytes uncompressed")
        }
        byteCount += found
    }

    // MARK: Entries

    /// Each key is given by how much it shares with the one before, and the rest.
    private static func entries(of block: [UInt8]) throws(Damage) -> [Entry] {
        guard block.count >= 4 else { throw Damage(reason: "has a block of \(block.count) bytes, too short for its own end") }
        let restarts = block.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard restarts <= (block.count - 4) / 4 else {
            throw Damage(reason: "has a block with \(restarts) restarts, more than it can hold")
        }
        var rest = block.dropLast(4 + restarts * 4)
        var entries: [Entry] = []
        var key: [UInt8] = []
        while !rest.isEmpty {
            let shared = try Varint.read(&rest), unshared = try Varint.read(&rest), length = try Varint.read(&rest)
            guard shared <= UInt64(key.count), unshared <= UInt64(rest.count), length <= UInt64(rest.count) - unshared else {
                throw Damage(reason: "has an entry that goes beyond its block")
            }
            key.removeLast(key.count - Int(shared))
            key += rest.prefix(Int(unshared))
            rest = rest.dropFirst(Int(unshared))
            entries.append(Entry(key: key, value: Array(rest.prefix(Int(length)))))
            rest = rest.dropFirst(Int(length))
        }
        return entries
    }
}

/// A base-128 integer at the start of bytes, which it is taken from.
enum Varint {
    static func read(_ bytes: inout ArraySlice<UInt8>) throws(SortedTable.Damage) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = bytes.popFirst(), shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw SortedTable.Damage(reason: "has a number that is cut off or too long")
    }
}
