import Foundation
import HTTPCore

/// One text and its compressed forms, from `Fixtures/Compression`, where a script tells how they are made.
enum CompressedForms {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/Compression")

    static let plain = read("plain.json")

    static let names = [
        "gzip-1", "gzip-9", "gzip-stored", "gzip-every-field", "gzip-members", "deflate-zlib", "deflate-zlib-small-window",
        "deflate-raw", "deflate-raw-fixed", "deflate-raw-stored",
    ]

    static func coding(_ name: String) -> ContentCoding { name.hasPrefix("gzip") ? .gzip : .deflate }

    static func read(_ name: String) -> [UInt8] {
        do {
            return Array(try Data(contentsOf: folder.appending(path: name)))
        } catch {
            fatalError("cannot read the fixture \(name): \(error)")
        }
    }

    /// `count` zeros as one member of gzip.
    static func zeros(_ count: Int) -> [UInt8] {
        gzip([UInt8](repeating: 0, count: count))
    }

    static func gzip(_ bytes: [UInt8], level: Int = 9) -> [UInt8] {
        var output = ByteBuffer()
        guard let deflater = Deflater(level: level) else { fatalError("no memory to compress a test's data") }
        let isDone = bytes.withUnsafeBytes { deflater.compress($0, into: &output, maxByteCount: .max / 2) }
        precondition(isDone)
        return Array(output.bytes)
    }

    /// Inflates content that comes in pieces.
    static func inflate(
        _ pieces: [ArraySlice<UInt8>], _ coding: ContentCoding, limit: Int = .max, with inflater: Inflater? = nil
    ) throws(InflateFault) -> [UInt8] {
        let inflater = if let inflater { inflater } else { try Inflater() }
        var output = ByteBuffer()
        inflater.begin(coding)
        for piece in pieces {
            // In memory of its very own size, so that a sanitizer sees every read behind it.
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
            defer { copy.deallocate() }
            copy.copyBytes(from: piece)
            try inflater.inflate(UnsafeRawBufferPointer(copy), into: &output, limit: limit)
        }
        try inflater.finish()
        return Array(output.bytes)
    }
}
