/// Ways to cut bytes into pieces that depend on nothing but the bytes, so that a finding can be repeated.
enum Pieces {
    /// Every byte on its own.
    static func single(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] { bytes.indices.map { bytes[$0...$0] } }

    /// Pieces of 1 to `longest` bytes, at places that a hash of the bytes (FNV-1a) and `seed` choose.
    static func scattered(_ bytes: [UInt8], longest: Int, seed: UInt64) -> [ArraySlice<UInt8>] {
        var state = bytes.reduce(0xCBF2_9CE4_8422_2325 ^ seed) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        while start < bytes.count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let end = min(bytes.count, start + 1 + Int((state >> 33) % UInt64(longest)))
            pieces.append(bytes[start..<end])
            start = end
        }
        return pieces
    }

    /// Calls `body` with the bytes in memory of their very own size, so that a sanitizer sees every read behind them.
    static func withExactMemory<Result>(_ bytes: some Collection<UInt8>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: bytes)
        return body(UnsafeRawBufferPointer(copy))
    }
}
