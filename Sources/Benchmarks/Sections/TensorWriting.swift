import BenchmarkReferences
import HTTPCore
import RESTFrontend
import Tensors

/// Writing a tensor as the answer of a predict request, against `std::to_chars` of its numbers, which leaves the nesting out.
struct TensorWriting: Comparison {
    let extents: [Int]

    static let section = Section(
        title: "TensorJSON, writing", summary: "predictions against std::to_chars of their numbers, millions of numbers", unit: .millions,
        comparisons: [TensorWriting(extents: [1, 224, 224, 3]), TensorWriting(extents: [1, 1_000]), TensorWriting(extents: [1, 10])])

    var name: String { extents.map(String.init).joined(separator: "×") }

    func measure(by race: Race) throws -> Outcome {
        let count = extents.reduce(1, *)
        let numbers = FloatMemory.samples(count: count)
        let tensor = Tensor(numbers.values, shape: Shape(extents))
        let payload = try TensorPayload([(name: "y", value: .dense(tensor))], format: .row)
        var buffer = ByteBuffer()
        // The shortest form of a float has at most 15 characters: sign, 9 digits, point, exponent of 4.
        var text = [CChar](repeating: 0, count: count * 16)
        payload.append(to: &buffer)
        try check(buffer.bytes, numbers)
        let pace = try race.run {
            buffer.removeAll()
            payload.append(to: &buffer)
        } reference: {
            guard apus_reference_write_floats(&text, text.count, numbers.start, count) > 0 else {
                throw InvalidComparison(description: "the reference has no room for \(count) numbers")
            }
        }
        return Outcome(pace: pace, work: count)
    }

    /// What was written must read back as the very same floats.
    private func check(_ bytes: UnsafeRawBufferPointer, _ numbers: FloatMemory) throws {
        let characters = bytes.assumingMemoryBound(to: CChar.self), found = FloatMemory(count: numbers.count)
        let count = characters.baseAddress.map { apus_reference_read_floats(found.start, found.count, $0, characters.count) }
        guard count == numbers.count else { throw InvalidComparison(description: "\(count ?? 0) of \(numbers.count) numbers were written") }
        try Agreement.check(found.values, numbers.values, tolerance: 0)
    }
}
