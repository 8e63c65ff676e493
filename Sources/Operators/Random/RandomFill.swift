import GraphIR
import Tensors

/// A distribution whose numbers fill a tensor in the order of a generator's stream.
///
/// Every number is where TensorFlow has it: a group of four (or two 64-bit) numbers for each counter, and for rejected numbers 256
/// counters for each four numbers.
enum RandomFill: Sendable {
    case uniform, normal
    /// Normal numbers of at most twice the standard deviation.
    case truncatedNormal
    case fullInteger

    static let floats: Set<ElementType> = [.float16, .bfloat16, .float32, .float64]
    static let integers: Set<ElementType> = [.int32, .int64, .uint32, .uint64]

    var types: Set<ElementType> { self == .fullInteger ? Self.integers : Self.floats }

    func fill(_ target: UnsafeMutableRawPointer, count: Int, _ type: ElementType, _ generator: Philox) {
        switch (self, type) {
        case (.uniform, .float32): groups(target, count, generator) { bits, place in RandomBits.float(bits[place]) }
        case (.uniform, .float64):
            pairs(target, count, generator) { bits in (RandomBits.double(bits[0], bits[1]), RandomBits.double(bits[2], bits[3])) }
        case (.uniform, .float16):
            groups(target, count, generator) { bits, place in HalfPrecision.binary16(from: RandomBits.half(bits[place])) }
        case (.uniform, .bfloat16):
            groups(target, count, generator) { bits, place in HalfPrecision.bfloat16(from: RandomBits.brain(bits[place])) }
        case (.normal, .float32): groups(target, count, generator) { bits, place in Self.normal(bits, place) }
        case (.normal, .float64): pairs(target, count, generator, RandomBits.normals)
        case (.normal, .float16):
            groups(target, count, generator) { bits, place in HalfPrecision.binary16(from: Self.normal(bits, place)) }
        case (.normal, .bfloat16):
            groups(target, count, generator) { bits, place in HalfPrecision.bfloat16(from: Self.normal(bits, place)) }
        case (.truncatedNormal, .float32): truncated(target, count, generator) { $0 }
        case (.truncatedNormal, .float16): truncated(target, count, generator) { HalfPrecision.binary16(from: $0) }
        case (.truncatedNormal, .bfloat16): truncated(target, count, generator) { HalfPrecision.bfloat16(from: $0) }
        case (.truncatedNormal, .float64): truncatedDoubles(target, count, generator)
        case (.fullInteger, .int32), (.fullInteger, .uint32): groups(target, count, generator) { bits, place in bits[place] }
        case (.fullInteger, .int64), (.fullInteger, .uint64):
            pairs(target, count, generator) { bits in (UInt64(low: bits[0], high: bits[1]), UInt64(low: bits[2], high: bits[3])) }
        default: break
        }
    }

    private static func normal(_ bits: SIMD4<UInt32>, _ place: Int) -> Float {
        let pair = RandomBits.normals(bits[place & ~1], bits[place | 1])
        return place & 1 == 0 ? pair.0 : pair.1
    }

    /// Four numbers of each group.
    private func groups<Scalar>(
        _ target: UnsafeMutableRawPointer, _ count: Int, _ generator: Philox, _ number: (SIMD4<UInt32>, Int) -> Scalar
    ) {
        var generator = generator
        let target = target.assumingMemoryBound(to: Scalar.self)
        var place = 0
        while place < count {
            let bits = generator.next()
            for index in 0..<min(4, count - place) { target[place + index] = number(bits, index) }
            place += 4
        }
    }

    /// Two numbers of each group.
    private func pairs<Scalar>(
        _ target: UnsafeMutableRawPointer, _ count: Int, _ generator: Philox, _ numbers: (SIMD4<UInt32>) -> (Scalar, Scalar)
    ) {
        var generator = generator
        let target = target.assumingMemoryBound(to: Scalar.self)
        var place = 0
        while place < count {
            let pair = numbers(generator.next())
            target[place] = pair.0
            if place + 1 < count { target[place + 1] = pair.1 }
            place += 2
        }
    }

    /// Counters for the numbers of a group of outputs that may be rejected.
    private static let reserved: UInt64 = 256

    private func truncated<Scalar>(
        _ target: UnsafeMutableRawPointer, _ count: Int, _ generator: Philox, _ narrow: (Float) -> Scalar
    ) {
        let target = target.assumingMemoryBound(to: Scalar.self)
        var first = 0, group: UInt64 = 0
        while first < count {
            var numbers = SingleNumbers(generator.skipping(group &* Self.reserved))
            var found = 0
            while found < 4 {
                let pair = RandomBits.normals(numbers.next(), numbers.next())
                for number in [pair.0, pair.1] where abs(number) < 2 && found < 4 {
                    if first + found < count { target[first + found] = narrow(number) }
                    found += 1
                }
            }
            first += 4
            group &+= 1
        }
    }

    private func truncatedDoubles(_ target: UnsafeMutableRawPointer, _ count: Int, _ generator: Philox) {
        let target = target.assumingMemoryBound(to: Double.self)
        var first = 0, group: UInt64 = 0
        while first < count {
            var numbers = generator.skipping(group &* (Self.reserved / 2))
            var found = 0
            while found < 2 {
                let pair = RandomBits.normals(numbers.next())
                for number in [pair.0, pair.1] where abs(number) < 2 && found < 2 {
                    if first + found < count { target[first + found] = number }
                    found += 1
                }
            }
            first += 2
            group &+= 1
        }
    }

    /// Integers from `low` up to, and without, `high`.
    static func integers(
        _ target: UnsafeMutableRawPointer, count: Int, from low: Int, to high: Int, _ type: ElementType, _ generator: Philox
    ) {
        if type == .int32 {
            let range = UInt32(truncatingIfNeeded: high &- low), base = Int32(truncatingIfNeeded: low)
            guard range > 0 else { return }
            RandomFill.fullInteger.groups(target, count, generator) { bits, place in
                base &+ Int32(truncatingIfNeeded: bits[place] % range)
            }
        } else {
            let range = UInt64(bitPattern: Int64(high &- low))
            guard range > 0 else { return }
            RandomFill.fullInteger.pairs(target, count, generator) { bits in
                let first = UInt64(low: bits[0], high: bits[1]) % range, second = UInt64(low: bits[2], high: bits[3]) % range
                return (Int64(low) &+ Int64(bitPattern: first), Int64(low) &+ Int64(bitPattern: second))
            }
        }
    }
}
