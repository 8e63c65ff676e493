import Synchronization

/// The paths that clients call again and again, taken apart once. Any thread.
///
/// A place for each value of a small hash: two paths that share one drive each other out, which costs time and nothing else.
final class PathCache: Sendable {
    private static let placeCount = 256
    /// Longer ones are taken apart each time, so that the cache stays small whatever clients send.
    private static let maximumByteCount = 512

    private struct Entry {
        let text: [UInt8]
        let path: ModelPath
    }

    private let entries = Mutex<[Entry?]>(Array(repeating: nil, count: placeCount))

    /// What `text` was taken apart into; `parse` does it for one that is not known, and nil is not kept.
    func path<Failure: Error>(
        _ text: UnsafeRawBufferPointer, parse: () throws(Failure) -> ModelPath?
    ) throws(Failure) -> ModelPath? {
        guard text.count <= Self.maximumByteCount else { return try parse() }
        let place = Self.hash(text) & (Self.placeCount - 1)
        let known: ModelPath? = entries.withLock { entries in
            guard let entry = entries[place], Self.equal(entry.text, text) else { return nil }
            return entry.path
        }
        if let known { return known }
        guard let path = try parse() else { return nil }
        entries.withLock { $0[place] = Entry(text: Array(text), path: path) }
        return path
    }

    private static func equal(_ known: [UInt8], _ text: UnsafeRawBufferPointer) -> Bool {
        known.withUnsafeBytes { known in
            known.count == text.count && known.elementsEqual(text)
        }
    }

    /// FNV-1a over words of eight bytes, the last one perhaps overlapping.
    private static func hash(_ text: UnsafeRawBufferPointer) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func mix(_ word: UInt64) { hash = (hash ^ word) &* 0x0000_0100_0000_01B3 }
        guard text.count >= 8 else {
            for byte in text { mix(UInt64(byte)) }
            return Int(truncatingIfNeeded: hash ^ hash >> 32)
        }
        for offset in stride(from: 0, to: text.count - 7, by: 8) { mix(text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
        mix(text.loadUnaligned(fromByteOffset: text.count - 8, as: UInt64.self))
        return Int(truncatingIfNeeded: hash ^ hash >> 32)
    }
}
