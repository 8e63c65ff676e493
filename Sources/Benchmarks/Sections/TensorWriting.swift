import AllocationCounter
import BenchmarkReferences
import Foundation
import GraphIR
import HTTPCore
import ModelServing
import RESTFrontend
import Tensors

/// Writing a tensor as the answer of a predict request, against `std::to_chars` of its numbers, which leaves the nesting out.
struct TensorWriting: Comparison {
    /// What kind of numbers a model answers with.
    enum Values: String {
        /// Between −1 and 1, as random as can be.
        case activations
        /// Probabilities that sum to one: few large, most tiny.
        case softmax
        /// Whole numbers.
        case levels
    }

    let extents: [Int]
    let values: Values

    static let section = Section(
        title: "TensorJSON, writing", summary: "predictions against std::to_chars of their numbers, millions of numbers", unit: .millions,
        comparisons: [
            TensorWriting(extents: [1, 224, 224, 3], values: .activations), TensorWriting(extents: [1, 1_000], values: .activations),
            TensorWriting(extents: [1, 1_000], values: .softmax), TensorWriting(extents: [64, 10], values: .softmax),
            TensorWriting(extents: [1, 10], values: .softmax), TensorWriting(extents: [3], values: .levels),
        ])

    var name: String { "\(extents.map(String.init).joined(separator: "×")), \(values.rawValue)" }

    func measure(by race: Race) throws -> Outcome {
        let numbers = made()
        let tensor = Tensor(numbers.values, shape: Shape(extents))
        defer { withExtendedLifetime(tensor) {} }
        let output = Signature.Parameter(name: "y", valueName: "y", type: tensor.spec.type)
        let payload = try TensorPayload([output], CallOutputs([.tensor(tensor)]), format: .row)
        var buffer = ByteBuffer()
        // The shortest form of a float has at most 15 characters: sign, 9 digits, point, exponent of 4.
        var text = [CChar](repeating: 0, count: numbers.count * 16)
        payload.append(to: &buffer)
        try check(buffer.bytes, numbers)
        buffer.removeAll()
        let before = apus_allocation_count()
        payload.append(to: &buffer)
        let allocationCount = apus_allocation_count() - before
        let pace = try race.run {
            buffer.removeAll()
            payload.append(to: &buffer)
        } reference: {
            guard apus_reference_write_floats(&text, text.count, numbers.start, numbers.count) > 0 else {
                throw InvalidComparison(description: "the reference has no room for \(numbers.count) numbers")
            }
        }
        return Outcome(pace: pace, work: numbers.count, allocationCount: Int(allocationCount))
    }

    private func made() -> FloatMemory {
        let count = extents.reduce(1, *)
        let numbers = FloatMemory.samples(count: count), classCount = extents.last ?? 1
        for index in 0..<count {
            switch values {
            case .activations: break
            case .softmax: numbers.start[index] = exp(8 * numbers.start[index])
            case .levels: numbers.start[index] = (16 * abs(numbers.start[index])).rounded(.down)
            }
        }
        guard values == .softmax else { return numbers }
        for row in stride(from: 0, to: count, by: classCount) {
            let sum = (row..<row + classCount).reduce(Float(0)) { $0 + numbers.start[$1] }
            for index in row..<row + classCount { numbers.start[index] /= sum }
        }
        return numbers
    }

    /// What was written must read back as the very same floats.
    private func check(_ bytes: UnsafeRawBufferPointer, _ numbers: FloatMemory) throws {
        let characters = bytes.assumingMemoryBound(to: CChar.self), found = FloatMemory(count: numbers.count)
        let count = characters.baseAddress.map { apus_reference_read_floats(found.start, found.count, $0, characters.count) }
        guard count == numbers.count else { throw InvalidComparison(description: "\(count ?? 0) of \(numbers.count) numbers were written") }
        try Agreement.check(found.values, numbers.values, tolerance: 0)
    }
}
