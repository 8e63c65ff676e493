/// FarmHash's Fingerprint64: a hash of bytes that never changes, by which TensorFlow puts strings into buckets.
///
/// Source: github.com/google/farmhash (the variant "farmhashna").
enum FarmHash {
    private static let k0: UInt64 = 0xC3A5_C85C_97CB_3127
    private static let k1: UInt64 = 0xB492_B66F_BE98_F273
    private static let k2: UInt64 = 0x9AE1_6A3B_2F90_404F

    static func fingerprint(_ text: [UInt8]) -> UInt64 { text.withUnsafeBytes { fingerprint($0) } }

    static func fingerprint(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let count = bytes.count
        guard let start = bytes.baseAddress, count > 0 else { return k2 }
        let text = ByteReader(start: start, count: count)
        return switch count {
        case ...16: upTo16(text)
        case ...32: upTo32(text)
        case ...64: upTo64(text)
        default: long(text)
        }
    }

    /// One fingerprint of two, in this order.
    static func joined(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let multiplier: UInt64 = 0xC6A4_A793_5BD1_E995
        var result = left ^ multiplier
        result ^= mixed(right &* multiplier) &* multiplier
        result = result &* multiplier
        result = mixed(result) &* multiplier
        return mixed(result)
    }

    private struct ByteReader {
        let start: UnsafeRawPointer
        let count: Int

        @inline(__always) func word(_ position: Int) -> UInt64 {
            UInt64(littleEndian: start.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        }
        @inline(__always) func half(_ position: Int) -> UInt64 {
            UInt64(UInt32(littleEndian: start.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
        }
        @inline(__always) func byte(_ position: Int) -> UInt32 { UInt32(start.load(fromByteOffset: position, as: UInt8.self)) }
    }

    @inline(__always) private static func mixed(_ value: UInt64) -> UInt64 { value ^ (value >> 47) }
    @inline(__always) private static func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value >> count | value << (64 - count)
    }

    @inline(__always) private static func hash16(_ u: UInt64, _ v: UInt64, _ multiplier: UInt64) -> UInt64 {
        let a = mixed((u ^ v) &* multiplier)
        return mixed((v ^ a) &* multiplier) &* multiplier
    }

    private static func upTo16(_ text: ByteReader) -> UInt64 {
        let count = text.count, multiplier = k2 &+ UInt64(count) &* 2
        if count >= 8 {
            let a = text.word(0) &+ k2, b = text.word(count - 8)
            let c = rotated(b, 37) &* multiplier &+ a
            let d = (rotated(a, 25) &+ b) &* multiplier
            return hash16(c, d, multiplier)
        }
        if count >= 4 { return hash16(UInt64(count) &+ text.half(0) << 3, text.half(count - 4), multiplier) }
        let y = text.byte(0) &+ text.byte(count >> 1) << 8, z = UInt32(count) &+ text.byte(count - 1) << 2
        return mixed(UInt64(y) &* k2 ^ UInt64(z) &* k0) &* k2
    }

    private static func upTo32(_ text: ByteReader) -> UInt64 {
        let count = text.count, multiplier = k2 &+ UInt64(count) &* 2
        let a = text.word(0) &* k1, b = text.word(8)
        let c = text.word(count - 8) &* multiplier, d = text.word(count - 16) &* k2
        return hash16(rotated(a &+ b, 43) &+ rotated(c, 30) &+ d, a &+ rotated(b &+ k2, 18) &+ c, multiplier)
    }

    private static func upTo64(_ text: ByteReader) -> UInt64 {
        let count = text.count, multiplier = k2 &+ UInt64(count) &* 2
        let a = text.word(0) &* k2, b = text.word(8)
        let c = text.word(count - 8) &* multiplier, d = text.word(count - 16) &* k2
        let y = rotated(a &+ b, 43) &+ rotated(c, 30) &+ d
        let z = hash16(y, a &+ rotated(b &+ k2, 18) &+ c, multiplier)
        let e = text.word(16) &* multiplier, f = text.word(24)
        let g = (y &+ text.word(count - 32)) &* multiplier, h = (z &+ text.word(count - 24)) &* multiplier
        return hash16(rotated(e &+ f, 43) &+ rotated(g, 30) &+ h, e &+ rotated(f &+ a, 18) &+ g, multiplier)
    }

    @inline(__always) private static func weak32(
        _ text: ByteReader, _ position: Int, _ first: UInt64, _ second: UInt64
    ) -> (UInt64, UInt64) {
        let z = text.word(position + 24)
        var a = first &+ text.word(position)
        var b = rotated(second &+ a &+ z, 21)
        let c = a
        a = a &+ text.word(position + 8) &+ text.word(position + 16)
        b = b &+ rotated(a, 44)
        return (a &+ z, b &+ c)
    }

    private static func long(_ text: ByteReader) -> UInt64 {
        let count = text.count, seed: UInt64 = 81
        var x = seed, y = seed &* k1 &+ 113
        var z = mixed(y &* k2 &+ 113) &* k2
        var v: (UInt64, UInt64) = (0, 0), w: (UInt64, UInt64) = (0, 0)
        x = x &* k2 &+ text.word(0)
        let end = (count - 1) / 64 * 64, last = count - 64
        var position = 0
        repeat {
            x = rotated(x &+ y &+ v.0 &+ text.word(position + 8), 37) &* k1
            y = rotated(y &+ v.1 &+ text.word(position + 48), 42) &* k1
            x ^= w.1
            y = y &+ v.0 &+ text.word(position + 40)
            z = rotated(z &+ w.0, 33) &* k1
            v = weak32(text, position, v.1 &* k1, x &+ w.0)
            w = weak32(text, position + 32, z &+ w.1, y &+ text.word(position + 16))
            swap(&z, &x)
            position += 64
        } while position != end
        let multiplier = k1 &+ (z & 0xFF) << 1
        w.0 = w.0 &+ UInt64((count - 1) & 63)
        v.0 = v.0 &+ w.0
        w.0 = w.0 &+ v.0
        x = rotated(x &+ y &+ v.0 &+ text.word(last + 8), 37) &* multiplier
        y = rotated(y &+ v.1 &+ text.word(last + 48), 42) &* multiplier
        x ^= w.1 &* 9
        y = y &+ v.0 &* 9 &+ text.word(last + 40)
        z = rotated(z &+ w.0, 33) &* multiplier
        v = weak32(text, last, v.1 &* multiplier, x &+ w.0)
        w = weak32(text, last + 32, z &+ w.1, y &+ text.word(last + 16))
        swap(&z, &x)
        return hash16(
            hash16(v.0, w.0, multiplier) &+ mixed(y) &* k0 &+ z, hash16(v.1, w.1, multiplier) &+ x, multiplier)
    }
}
