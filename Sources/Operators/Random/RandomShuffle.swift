import GraphIR
import Tensors

/// The parts of a tensor along its first axis in random order; elements only move, so strings do too.
///
/// - Source: TensorFlow operators RandomShuffle and StatelessShuffle.
struct RandomShuffle: Operator, ElementMover {
    let name: String
    let source: RandomSource

    var effects: Effects { source.effects }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let count = max(1, source.inputs.upperBound)
        try inputs.checkCount(count...count)
        return [ValueFact(try inputs.dense(0).type)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        var inputs: [TensorSpec] = []
        for index in 0..<max(1, source.inputs.upperBound) { inputs.append(try context.input(index)) }
        let rows = inputs[0].shape.extents.first ?? 1
        return CompiledOperator(
            ShuffleKernel(source: source, inputs: inputs, rowCount: rows), scratchByteCount: ByteCount.of(Int.self, rows))
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("RandomShuffle") { reader throws(OperatorError) in
            RandomShuffle(name: "RandomShuffle", source: .own(try SeededGenerator(reader)))
        },
        .tensorFlow("StatelessShuffle") { _ throws(OperatorError) in
            RandomShuffle(name: "StatelessShuffle", source: .keyCounter(1))
        },
        .tensorFlow("RandomIndexShuffle") { reader throws(OperatorError) in
            RandomIndexShuffle(type: try reader.requiredType("dtype"), rounds: try reader.integer("rounds", default: 4))
        },
    ]
}

private struct ShuffleKernel: Kernel {
    let source: RandomSource
    let inputs: [TensorSpec]
    let rowCount: Int

    func run(_ context: KernelContext) throws(OperatorError) {
        let order = context.scratch.assumingMemoryBound(to: Int.self)
        for row in 0..<rowCount { order[row] = row }
        if rowCount > 1, inputs[0].shape.elementCount > 1 {
            let generator = try source.generator(
                { index in TensorView(inputs[index], context.input(index)) }, reserved: UInt64(rowCount + 2) / 4)
            var numbers = SingleNumbers(generator)
            for row in 0..<rowCount - 1 {
                let other = row + Int(UInt64(numbers.next()) % UInt64(rowCount - row))
                (order[row], order[other]) = (order[other], order[row])
            }
        }
        guard rowCount > 0 else { return }
        let byteCount = inputs[0].byteCount / rowCount
        for row in 0..<rowCount {
            (context.output(0) + row * byteCount).copyMemory(from: context.input(0) + order[row] * byteCount, byteCount: byteCount)
        }
    }
}

/// Where each index goes in a random permutation of 0...maximum, without the permutation itself.
///
/// - Shapes: index [] or [n], seed [3] or [n, 3], maximum [] or [n] → [] or [n].
/// - Source: TensorFlow operator RandomIndexShuffle: a block cipher (Simon, of few rounds) over numbers of as many bits as the
///   maximum has, applied until the number is at most the maximum.
struct RandomIndexShuffle: DynamicOperator {
    let type: ElementType
    let rounds: Int

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        guard RandomFill.integers.contains(type) else { throw .unsupported("shuffling indices of \(type)") }
        guard rounds >= 4, rounds % 2 == 0, rounds <= 1 << 10 else {
            throw .invalidAttribute(name: "rounds", reason: "is \(rounds), expected an even number from 4 on")
        }
        _ = try inputs.required(0, of: [type])
        _ = try inputs.required(1, of: RandomFill.integers)
        _ = try inputs.required(2, of: [type])
        let ranks = [inputs[0]?.rank, inputs[1]?.rank, inputs[2]?.rank]
        if ranks == [0, 1, 0] { return [ValueFact(type, Shape.scalar)] }
        return [ValueFact(type, ranks.contains(nil) ? nil : SymbolicShape([.unknown]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let index = try context.required(0), seed = try context.required(1), maximum = try context.required(2)
        let isScalar = index.shape.rank == 0 && seed.shape.rank == 1 && maximum.shape.rank == 0
        let count = max(index.elementCount, maximum.elementCount, seed.elementCount / 3)
        let agrees =
            (index.shape.rank == 0 || index.shape == [count]) && (maximum.shape.rank == 0 || maximum.shape == [count])
            && (seed.shape == [3] || seed.shape == [count, 3])
        guard agrees else {
            throw OperatorError.invalidValue("has indices \(index.spec), seeds \(seed.spec) and maxima \(maximum.spec)")
        }
        let indices = try RandomSource.words(index, 0), seeds = try RandomSource.words(seed, 1)
        let maxima = try RandomSource.words(maximum, 2)
        var results: [UInt64] = []
        results.reserveCapacity(count)
        for place in 0..<count {
            let first = seed.shape.rank == 1 ? 0 : place * 3
            let limit = maxima[maximum.shape.rank == 0 ? 0 : place], number = indices[index.shape.rank == 0 ? 0 : place]
            guard number <= limit else { throw OperatorError.invalidValue("shuffles index \(number) among \(limit) and less") }
            results.append(shuffled(number, key: seeds[first..<first + 3].map(\.low), maximum: limit))
        }
        let spec = TensorSpec(type, isScalar ? .scalar : [count])
        return [
            .tensor(
                try context.makeTensor(spec) { bytes in
                    for (place, number) in results.enumerated() {
                        if type.byteCount == 4 {
                            bytes.storeBytes(of: number.low, toByteOffset: place * 4, as: UInt32.self)
                        } else {
                            bytes.storeBytes(of: number, toByteOffset: place * 8, as: UInt64.self)
                        }
                    }
                })
        ]
    }

    /// Words of half as many bits as the numbers have.
    private func shuffled(_ index: UInt64, key: [UInt32], maximum: UInt64) -> UInt64 {
        guard maximum > 0 else { return 0 }
        var bits = maximum == 1 ? 0 : 64 - (maximum - 1).leadingZeroBitCount
        bits = max(bits + bits % 2, 16)
        let width = UInt64(bits / 2), mask = UInt64(1) << width - 1
        func left(_ x: UInt64, _ by: UInt64) -> UInt64 { (x << by | x >> (width - by)) & mask }
        func right(_ x: UInt64, _ by: UInt64) -> UInt64 { (x >> by | x << (width - by)) & mask }
        func mixed(_ x: UInt64) -> UInt64 { left(x, 1) & left(x, 8) ^ left(x, 2) }
        var keys = key.map { UInt64($0) & mask }
        var sequence: UInt64 = 0x7369_F885_192C_0EF5 & mask
        for round in 3..<max(rounds, 3) {
            let constant: UInt64 = 0xFFFF_FFFC & mask
            keys.append(constant ^ (sequence & 1) ^ keys[round - 3] ^ right(keys[round - 1], 3) ^ right(keys[round - 1], 4))
            sequence >>= 1
        }
        var number = index
        repeat {
            var upper = number >> width & mask, lower = number & mask
            for round in stride(from: 0, to: rounds, by: 2) {
                upper ^= mixed(lower) ^ keys[round]
                lower ^= mixed(upper) ^ keys[round + 1]
            }
            number = upper << width | lower
        } while number > maximum
        return number
    }
}
