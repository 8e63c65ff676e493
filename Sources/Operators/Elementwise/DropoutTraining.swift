import GraphIR
import Tensors

/// Drops elements by numbers that follow from a seed, the same in every run, and raises the others by what is lost on average.
struct DropoutTraining<Scalar: FloatingScalar>: Kernel {
    private let count: Int
    private let seed: UInt32
    /// nil when the ratio is absent, which then is 1/2.
    private let ratioType: ElementType?
    private let hasMask: Bool

    /// Inputs are the data, the ratio in float32 or float64, and whether anything is dropped; the second output is of bools.
    init(_ context: CompileContext, seed: UInt32) throws(OperatorError) {
        count = context.outputs[0].shape.elementCount
        self.seed = seed
        ratioType = context.has(1) ? try context.input(1).elementType : nil
        hasMask = context.outputs.count > 1
    }

    var compiled: CompiledOperator {
        CompiledOperator(self, scratchByteCount: MersenneTwister.byteCount, inPlace: [InPlace(output: 0, input: 0)])
    }

    func run(_ context: KernelContext) throws(OperatorError) {
        let ratio = context.input(2, as: UInt8.self).pointee == 0 ? 0 : ratio(context)
        guard ratio >= 0, ratio < 1 else { throw .invalidValue("the ratio is \(ratio), expected a number from 0 to below 1") }
        let x = context.input(0, as: Scalar.self), y = context.output(0, as: Scalar.self), factor = Scalar(1 / (1 - ratio))
        let mask = hasMask ? context.output(1, as: UInt8.self) : nil
        var generator = MersenneTwister(seed: seed, state: context.scratch.assumingMemoryBound(to: UInt32.self))
        for i in 0..<count {
            let isKept = ratio == 0 || generator.next() >= ratio
            y[i] = isKept ? x[i] * factor : 0
            mask?[i] = isKept ? 1 : 0
        }
    }

    private func ratio(_ context: KernelContext) -> Double {
        switch ratioType {
        case nil: 0.5
        case .float64: context.input(1, as: Double.self).pointee
        default: Double(context.input(1, as: Float.self).pointee)
        }
    }
}

/// The generator MT19937 of Matsumoto and Nishimura, with numbers from 0 to below 1 made of 53 bits.
private struct MersenneTwister {
    private static let length = 624
    static let byteCount = length * MemoryLayout<UInt32>.stride

    private let state: UnsafeMutablePointer<UInt32>
    private var position = length

    /// - Parameter state: memory of `byteCount` bytes.
    init(seed: UInt32, state: UnsafeMutablePointer<UInt32>) {
        self.state = state
        state[0] = seed
        for i in 1..<Self.length {
            let last = state[i - 1]
            state[i] = 1_812_433_253 &* (last ^ last >> 30) &+ UInt32(i)
        }
    }

    mutating func next() -> Double {
        let high = word() >> 5, low = word() >> 6
        return (Double(high) * 67_108_864 + Double(low)) / 9_007_199_254_740_992
    }

    private mutating func word() -> UInt32 {
        if position == Self.length {
            refill()
            position = 0
        }
        var word = state[position]
        position += 1
        word ^= word >> 11
        word ^= word << 7 & 0x9D2C_5680
        word ^= word << 15 & 0xEFC6_0000
        return word ^ word >> 18
    }

    private func refill() {
        let length = Self.length
        for i in 0..<length {
            let joined = state[i] & 0x8000_0000 | state[(i + 1) % length] & 0x7FFF_FFFF
            state[i] = state[(i + 397) % length] ^ joined >> 1 ^ (joined & 1 == 0 ? 0 : 0x9908_B0DF)
        }
    }
}
