import Foundation

/// The files of a ZIP archive, stored or deflated, as NumPy's `.npz` files are.
///
/// Source: PKWARE APPNOTE 6.3, the end of central directory record, the central directory and local headers.
struct ZipArchive {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private struct Entry {
        let method: Int
        let checksum: UInt32
        let compressedByteCount: Int
        let byteCount: Int
        let headerOffset: Int
    }

    private let path: String
    private let bytes: [UInt8]
    private var entries: [String: Entry] = [:]

    init(path: String) throws {
        self.path = path
        bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        guard
            let end = stride(from: bytes.count - 22, through: max(bytes.count - 65_557, 0), by: -1).first(where: {
                number(4, at: $0) == 0x0605_4B50
            })
        else { throw Failure(description: "\(path) is no ZIP archive") }
        var offset = number(4, at: end + 16)
        for _ in 0..<number(2, at: end + 10) {
            guard number(4, at: offset) == 0x0201_4B50 else { throw Failure(description: "\(path) has a damaged directory") }
            let nameByteCount = number(2, at: offset + 28)
            let name = String(decoding: try slice(offset + 46, nameByteCount), as: UTF8.self)
            entries[name] = Entry(
                method: number(2, at: offset + 10), checksum: UInt32(number(4, at: offset + 16)),
                compressedByteCount: number(4, at: offset + 20), byteCount: number(4, at: offset + 24),
                headerOffset: number(4, at: offset + 42))
            offset += 46 + nameByteCount + number(2, at: offset + 30) + number(2, at: offset + 32)
        }
    }

    /// The contents of a file, nil when there is none of this name.
    func contents(of name: String) throws -> [UInt8]? {
        guard let entry = entries[name] else { return nil }
        let start = entry.headerOffset + 30 + number(2, at: entry.headerOffset + 26) + number(2, at: entry.headerOffset + 28)
        let data = try slice(start, entry.compressedByteCount)
        let contents =
            switch entry.method {
            case 0: Array(data)
            case 8: try Inflate.decompress(data, byteCount: entry.byteCount)
            default: throw Failure(description: "\(path): \(name) is compressed by method \(entry.method)")
            }
        guard CRC32.checksum(contents) == entry.checksum else { throw Failure(description: "\(path): \(name) is damaged") }
        return contents
    }

    private func slice(_ start: Int, _ count: Int) throws -> ArraySlice<UInt8> {
        guard start <= bytes.count, count <= bytes.count - start else { throw Failure(description: "\(path) is cut off") }
        return bytes[start..<start + count]
    }

    /// A little-endian number; 0 beyond the end.
    private func number(_ byteCount: Int, at offset: Int) -> Int {
        guard offset >= 0, offset + byteCount <= bytes.count else { return 0 }
        return bytes[offset..<offset + byteCount].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}

/// The checksum of ZIP archives: polynomial 0x04C11DB7, reflected.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }

    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
    }
}
