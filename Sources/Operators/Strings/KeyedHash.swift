/// SipHash-2-4: a hash of bytes under a key of two words, by which TensorFlow's "strong" buckets are chosen.
struct KeyedHash: Sendable {
    let key: (UInt64, UInt64)

    func callAsFunction(_ text: [UInt8]) -> UInt64 { text.withUnsafeBytes { hash($0) } }

    private func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = State(key)
        let whole = bytes.count / 8 * 8
        for position in stride(from: 0, to: whole, by: 8) {
            state.absorb(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
        }
        var tail = UInt64(bytes.count & 0xFF) << 56
        for position in whole..<bytes.count { tail |= UInt64(bytes[position]) << (8 * UInt64(position - whole)) }
        state.absorb(tail)
        return state.finish()
    }

    private struct State {
        var v0, v1, v2, v3: UInt64

        init(_ key: (UInt64, UInt64)) {
            v0 = key.0 ^ 0x736F_6D65_7073_6575
            v1 = key.1 ^ 0x646F_7261_6E64_6F6D
            v2 = key.0 ^ 0x6C79_6765_6E65_7261
            v3 = key.1 ^ 0x7465_6462_7974_6573
        }

        @inline(__always) mutating func round() {
            v0 = v0 &+ v1
            v1 = (v1 << 13 | v1 >> 51) ^ v0
            v0 = v0 << 32 | v0 >> 32
            v2 = v2 &+ v3
            v3 = (v3 << 16 | v3 >> 48) ^ v2
            v0 = v0 &+ v3
            v3 = (v3 << 21 | v3 >> 43) ^ v0
            v2 = v2 &+ v1
            v1 = (v1 << 17 | v1 >> 47) ^ v2
            v2 = v2 << 32 | v2 >> 32
        }

        mutating func absorb(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        mutating func finish() -> UInt64 {
            v2 ^= 0xFF
            for _ in 0..<4 { round() }
            return v0 ^ v1 ^ v2 ^ v3
        }
    }
}

/// MurmurHash64A with TensorFlow's own seed: the hash behind `StringToHashBucket`.
enum LegacyHash {
    static func hash(_ text: [UInt8]) -> UInt64 {
        let multiplier: UInt64 = 0xC6A4_A793_5BD1_E995
        return text.withUnsafeBytes { bytes in
            var hash = 0xDECA_FCAF_FE ^ UInt64(bytes.count) &* multiplier
            let whole = bytes.count / 8 * 8
            for position in stride(from: 0, to: whole, by: 8) {
                var word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)) &* multiplier
                word ^= word >> 47
                hash = (hash ^ word &* multiplier) &* multiplier
            }
            if whole < bytes.count {
                for position in whole..<bytes.count { hash ^= UInt64(bytes[position]) << (8 * UInt64(position - whole)) }
                hash = hash &* multiplier
            }
            hash = (hash ^ hash >> 47) &* multiplier
            return hash ^ hash >> 47
        }
    }
}
