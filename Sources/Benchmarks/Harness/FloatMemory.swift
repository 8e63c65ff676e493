import ModelServing
import Tensors

/// Floats on the boundary that tensors lie on, for kernels to read and write.
final class FloatMemory {
    let count: Int
    let start: UnsafeMutablePointer<Float>
    private let storage: TensorStorage

    /// Zeros.
    init(count: Int) {
        self.count = count
        do {
            storage = try TensorStorage(byteCount: count * MemoryLayout<Float>.stride)
        } catch {
            fatalError("memory for \(count) floats \(error)")
        }
        start = storage.baseAddress.bindMemory(to: Float.self, capacity: max(count, 1))
        start.initialize(repeating: 0, count: count)
    }

    /// Made-up numbers in -1 ... 1, the same in every process.
    static func samples(count: Int) -> FloatMemory {
        let memory = FloatMemory(count: count)
        var generator = SampleGenerator()
        guard let tensor = generator.tensor(TensorSpec(.float32, [count])) else {
            preconditionFailure("\(count) floats are more than samples are made of")
        }
        withExtendedLifetime(memory) { memory.start.update(from: tensor.values(Float.self), count: count) }
        return memory
    }

    /// A copy.
    var values: [Float] { withExtendedLifetime(self) { Array(UnsafeBufferPointer(start: start, count: count)) } }

    /// Refuses to go on when the values differ from `expected` by more than rounding.
    ///
    /// - Parameter terms: how many numbers each value is the sum of.
    func check(against expected: FloatMemory, terms: Int) throws {
        try Agreement.check(values, expected.values, tolerance: 1e-5 * Float(max(terms, 1)).squareRoot())
    }
}

/// Whether both sides of a comparison have the same results.
enum Agreement {
    static func check(_ found: [Float], _ expected: [Float], tolerance: Float) throws {
        guard found.count == expected.count else {
            throw InvalidComparison(description: "\(found.count) values, the reference has \(expected.count)")
        }
        for index in found.indices where !(abs(found[index] - expected[index]) <= tolerance * max(1, abs(expected[index]))) {
            throw InvalidComparison(description: "value \(index) is \(found[index]), the reference has \(expected[index])")
        }
    }
}
