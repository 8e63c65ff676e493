/// The counter-based generator Philox 4×32 with ten rounds: each counter gives four 32-bit numbers.
///
/// - Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011; the generator of TensorFlow's random operators.
struct Philox: Sendable {
    private(set) var counter: SIMD4<UInt32>
    private(set) var key: SIMD2<UInt32>

    /// Counter and key as random operators hand them: 64-bit words, the low one first.
    init(counter low: UInt64, _ high: UInt64, key: UInt64) {
        counter = SIMD4(low.low, low.high, high.low, high.high)
        self.key = SIMD2(key.low, key.high)
    }

    /// The generator of a pair of seeds, as operators with attributes `seed` and `seed2` use it.
    init(seed: UInt64, _ second: UInt64) { self.init(counter: 0, second, key: seed) }

    /// The generator of the seed of a stateless operator: the two words are mixed, so that similar seeds give different streams.
    init(statelessSeed first: UInt64, _ second: UInt64) {
        var mixing = Philox(counter: first, second, key: 0x0246_1E29_3EC8_F720)
        let mixed = mixing.next()
        counter = SIMD4(0, 0, mixed[2], mixed[3])
        key = SIMD2(mixed[0], mixed[1])
    }

    var counterWords: (UInt64, UInt64) {
        (UInt64(low: counter[0], high: counter[1]), UInt64(low: counter[2], high: counter[3]))
    }
    var keyWord: UInt64 { UInt64(low: key[0], high: key[1]) }

    /// Passes over `count` groups of four numbers.
    mutating func skip(_ count: UInt64) {
        let (low, high) = counterWords
        let (sum, overflow) = low.addingReportingOverflow(count)
        let carried = overflow ? high &+ 1 : high
        counter = SIMD4(sum.low, sum.high, carried.low, carried.high)
    }

    /// The generator as it is after `count` groups.
    func skipping(_ count: UInt64) -> Philox {
        var copy = self
        copy.skip(count)
        return copy
    }

    /// The next four numbers.
    mutating func next() -> SIMD4<UInt32> {
        var state = counter, key = key
        for round in 0..<10 {
            if round > 0 { key = SIMD2(key[0] &+ 0x9E37_79B9, key[1] &+ 0xBB67_AE85) }
            let first = UInt64(state[0]) &* 0xD251_1F53, second = UInt64(state[2]) &* 0xCD9E_8D57
            state = SIMD4(
                second.high ^ state[1] ^ key[0], second.low, first.high ^ state[3] ^ key[1], first.low)
        }
        skip(1)
        return state
    }
}

extension UInt64 {
    init(low: UInt32, high: UInt32) { self = UInt64(low) | UInt64(high) << 32 }
    var low: UInt32 { UInt32(truncatingIfNeeded: self) }
    var high: UInt32 { UInt32(truncatingIfNeeded: self >> 32) }
}

/// Takes numbers of a generator one by one.
struct SingleNumbers {
    private var generator: Philox
    private var group = SIMD4<UInt32>()
    private var used = 4

    init(_ generator: Philox) { self.generator = generator }

    mutating func next() -> UInt32 {
        if used == 4 {
            group = generator.next()
            used = 0
        }
        used += 1
        return group[used - 1]
    }
}

/// Numbers in the unit interval and of the normal distribution, made of random bits as TensorFlow makes them.
enum RandomBits {
    static func float(_ bits: UInt32) -> Float { Float(bitPattern: 127 << 23 | bits & 0x7F_FFFF) - 1 }

    static func double(_ first: UInt32, _ second: UInt32) -> Double {
        Double(bitPattern: 1023 << 52 | UInt64(low: second, high: first & 0xF_FFFF)) - 1
    }

    /// 10 random bits of a binary16 in [0, 1).
    static func half(_ bits: UInt32) -> Float { Float(bits & 0x3FF) * 0x1p-10 }

    /// 7 random bits of a bfloat16 in [0, 1).
    static func brain(_ bits: UInt32) -> Float { Float(bits & 0x7F) * 0x1p-7 }
}
