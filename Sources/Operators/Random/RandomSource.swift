import GraphIR
import Synchronization
import Tensors

/// Where a random operator's generator comes from.
enum RandomSource: Sendable {
    /// Input `seed` holds two integers.
    case seed(Int)
    /// Inputs from `first` on hold key, counter and algorithm.
    case keyCounter(Int)
    /// A generator of the operator's own that goes on from run to run.
    case own(SeededGenerator)

    /// - Parameters:
    ///   - address: of inputs' contents.
    ///   - reserved: groups that the numbers may take, for a generator that goes on.
    func generator(_ input: (Int) throws(OperatorError) -> TensorView, reserved: UInt64) throws(OperatorError) -> Philox {
        switch self {
        case .seed(let index): return try Self.generator(seed: try input(index), index)
        case .keyCounter(let first):
            let key = try input(first), counter = try input(first + 1), algorithm = try input(first + 2)
            guard key.elementType == .uint64, key.shape == [1], counter.elementType == .uint64, counter.shape.rank == 1,
                counter.elementCount >= 2
            else { throw .invalidInput(index: first, reason: "is the key \(key.spec) with the counter \(counter.spec)") }
            try Self.check(algorithm: algorithm.integers?.first ?? 0)
            let words = counter.values(UInt64.self)
            return Philox(counter: words[0], words[1], key: key.values(UInt64.self)[0])
        case .own(let generator): return generator.reserve(reserved)
        }
    }

    static func generator(seed view: TensorView, _ index: Int) throws(OperatorError) -> Philox {
        guard view.shape == [2] else { throw .invalidInput(index: index, reason: "is \(view.spec), expected a seed of 2 integers") }
        let words = try words(view, index)
        return Philox(statelessSeed: words[0], words[1])
    }

    /// The integers of a seed as 64-bit words.
    static func words(_ view: TensorView, _ index: Int) throws(OperatorError) -> [UInt64] {
        switch view.elementType {
        case .int32: view.values(Int32.self).map { UInt64(bitPattern: Int64($0)) }
        case .int64: view.values(Int64.self).map { UInt64(bitPattern: $0) }
        case .uint32: view.values(UInt32.self).map(UInt64.init)
        case .uint64: view.values(UInt64.self)
        default: throw .invalidInput(index: index, reason: "is \(view.spec), expected integers")
        }
    }

    /// Philox is 1, and what "choose for me" (3) means on a processor.
    static func check(algorithm: Int) throws(OperatorError) {
        guard algorithm == 1 || algorithm == 3 else {
            throw .unsupported("random numbers by algorithm \(algorithm); Philox (1) is what TensorFlow computes on processors, and")
        }
    }

    var inputs: Range<Int> {
        switch self {
        case .seed(let index): index..<index + 1
        case .keyCounter(let first): first..<first + 3
        case .own: 0..<0
        }
    }

    var effects: Effects { if case .own = self { .random } else { [] } }
}

/// A generator that several runs take numbers from, each its own.
final class SeededGenerator: Sendable {
    private let generator: Mutex<Philox>

    init(_ generator: Philox) { self.generator = Mutex(generator) }

    /// The generator of the attributes `seed` and `seed2`; of the system's random numbers when both are 0.
    init(_ reader: AttributeReader) throws(OperatorError) {
        var seed = UInt64(bitPattern: Int64(try reader.integer("seed", default: 0)))
        var second = UInt64(bitPattern: Int64(try reader.integer("seed2", default: 0)))
        if seed == 0, second == 0 {
            var system = SystemRandomNumberGenerator()
            (seed, second) = (system.next(), system.next())
        }
        generator = Mutex(Philox(seed: seed, second))
    }

    /// The generator as it is; the next `count` groups are nobody else's.
    func reserve(_ count: UInt64) -> Philox {
        generator.withLock { generator in
            defer { generator.skip(count) }
            return generator
        }
    }
}
