import BenchmarkReferences
import GraphIR
import RESTFrontend
import ServableCore
import Tensors

/// Reading a predict request into its tensor, against `std::from_chars` over the same text.
///
/// The reference converts numbers into memory that is there already; the candidate checks the JSON, finds the shape and makes
/// a tensor besides.
struct TensorReading: Comparison {
    let extents: [Int]
    let spelling: TensorTexts.Spelling

    static let section = Section(
        title: "TensorJSON, reading", summary: "a predict request against std::from_chars over its numbers", unit: .megabytes,
        comparisons: TensorTexts.Spelling.allCases.map { TensorReading(extents: [1, 224, 224, 3], spelling: $0) }
            + [TensorReading(extents: [1, 64], spelling: .shortest)])

    var name: String { "\(extents.map(String.init).joined(separator: "×")), \(spelling.rawValue)" }

    func measure(by race: Race) throws -> Outcome {
        let count = extents.reduce(1, *)
        let body = TensorTexts.body(FloatMemory.samples(count: count).values, extents: extents, spelling: spelling)
        let expected = FloatMemory(count: count)
        return try body.withUnsafeBytes { text in
            let reference = { _ = read(text, into: expected) }
            try check(text, expected)
            let pace = try race.run(candidate: { _ = try tensor(text) }, reference: reference)
            return Outcome(pace: pace, work: body.count)
        }
    }

    private func check(_ text: UnsafeRawBufferPointer, _ expected: FloatMemory) throws {
        let found = try tensor(text)
        let count = read(text, into: expected)
        guard count == expected.count, found.shape.extents == extents else {
            throw InvalidComparison(description: "a tensor \(found.spec), the reference found \(count) numbers")
        }
        try Agreement.check(found.values(), expected.values, tolerance: 0)
    }

    private func tensor(_ text: UnsafeRawBufferPointer) throws -> Tensor {
        let body = try PredictBodyReader().read(text, addressing: .url) { _ throws(ServableError) in ((), Self.signature) }
        guard case .dense(let tensor)? = body.inputs.first else {
            throw InvalidComparison(description: "the request has no dense tensor")
        }
        return tensor
    }

    private func read(_ text: UnsafeRawBufferPointer, into memory: FloatMemory) -> Int {
        let characters = text.assumingMemoryBound(to: CChar.self)
        guard let start = characters.baseAddress else { return 0 }
        return apus_reference_read_floats(memory.start, memory.count, start, characters.count)
    }

    private static let signature = Signature(
        name: Signature.defaultName, inputs: [.init(name: "x", valueName: "x", type: TensorType(.float32, nil))], outputs: [])
}
