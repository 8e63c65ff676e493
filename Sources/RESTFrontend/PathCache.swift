import CPlatform
import Glibc
import Synchronization

/// The paths that clients call again and again, taken apart once. Any thread.
///
/// A place for each value of a small hash: two paths that share one drive each other out, which costs time and nothing else. Each
/// thread has places of its own.
final class PathCache: Sendable {
    /// A path of a call and what it says.
    final class Call: Sendable {
        let path: ModelPath
        fileprivate let text: [UInt8]

        fileprivate init(_ text: UnsafeRawBufferPointer, _ path: ModelPath) {
            self.text = unsafe Array(text)
            self.path = path
        }
    }

    private final class Stripe: Sendable {
        let places = Mutex<[Call?]>(Array(repeating: nil, count: placeCount))
    }

    private static let placeCount = 256
    /// Longer ones are taken apart each time, so that the cache stays small whatever clients send.
    private static let maximumByteCount = 512

    private let stripes = (0..<APUS_STRIPE_COUNT).map { _ in Stripe() }
    private var mine: Stripe { stripes[Int(apus_stripe())] }

    /// What `text` says, when it was inserted and is still here.
    func known(_ text: UnsafeRawBufferPointer) -> Call? {
        let place = unsafe Self.place(text)
        guard let known = mine.places.withLock({ $0[place] }), unsafe Self.equal(known.text, text) else { return nil }
        return known
    }

    /// Keeps what `text` says, unless it is long.
    func insert(_ text: UnsafeRawBufferPointer, _ path: ModelPath) -> Call {
        let call = unsafe Call(text, path)
        if text.count <= Self.maximumByteCount {
            let place = unsafe Self.place(text)
            mine.places.withLock { $0[place] = call }
        }
        return call
    }

    private static func place(_ text: UnsafeRawBufferPointer) -> Int { unsafe hash(text) & (placeCount - 1) }

    private static func equal(_ known: [UInt8], _ text: UnsafeRawBufferPointer) -> Bool {
        unsafe known.withUnsafeBytes { known in
            guard known.count == text.count, let start = text.baseAddress, let knownStart = known.baseAddress else { return false }
            return unsafe memcmp(knownStart, start, text.count) == 0
        }
    }

    /// FNV-1a over words of eight bytes, the last one perhaps overlapping.
    private static func hash(_ text: UnsafeRawBufferPointer) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func mix(_ word: UInt64) { hash = (hash ^ word) &* 0x0000_0100_0000_01B3 }
        if text.count < 8 {
            for index in text.indices { unsafe mix(UInt64(text[index])) }
        } else {
            var offset = 0
            while offset < text.count - 8 {
                unsafe mix(text.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset += 8
            }
            unsafe mix(text.loadUnaligned(fromByteOffset: text.count - 8, as: UInt64.self))
        }
        return Int(truncatingIfNeeded: hash ^ hash >> 32)
    }
}
