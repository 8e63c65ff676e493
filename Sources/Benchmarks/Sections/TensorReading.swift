import AllocationCounter
import BenchmarkReferences
import GraphIR
import ModelServing
import RESTFrontend
import ServableCore
import Tensors

/// Reading a predict request into its tensor, against another way to get the same floats out of the same text.
struct TensorReading: Comparison {
    enum Reference {
        /// `std::from_chars` over whatever looks like a number, into memory that is there already. The candidate checks the JSON,
        /// finds the shape and makes a tensor besides.
        case numbers
        /// RapidJSON's iterative parser, and the floats taken from its document, as TensorFlow Serving does.
        case document
    }

    let extents: [Int]
    let spelling: TensorTexts.Spelling
    let reference: Reference

    static let sections = [
        Section(
            title: "TensorJSON, reading", summary: "a predict request against RapidJSON's document of it", unit: .megabytes,
            comparisons: comparisons(.document)),
        Section(
            title: "TensorJSON, numbers", summary: "a predict request against std::from_chars over its numbers", unit: .megabytes,
            comparisons: comparisons(.numbers)),
    ]

    /// An image in every spelling, then what small models take.
    private static func comparisons(_ reference: Reference) -> [TensorReading] {
        TensorTexts.Spelling.ofImages.map { TensorReading(extents: [1, 224, 224, 3], spelling: $0, reference: reference) }
            + [
                TensorReading(extents: [1, 64], spelling: .shortest, reference: reference),
                TensorReading(extents: [1, 64], spelling: .levels, reference: reference),
                TensorReading(extents: [3], spelling: .levels, reference: reference),
            ]
    }

    var name: String { "\(extents.map(String.init).joined(separator: "×")), \(spelling.rawValue)" }

    var obstacle: String? { reference == .document ? Self.documentObstacle : nil }

    /// Why nothing can be compared with RapidJSON, where that is so.
    static var documentObstacle: String? {
        apus_reference_has_documents() ? nil : "built without RapidJSON; make bench installs rapidjson-dev"
    }

    func measure(by race: Race) throws -> Outcome {
        let count = extents.reduce(1, *)
        let body = TensorTexts.body(FloatMemory.samples(count: count).values, extents: extents, spelling: spelling)
        let expected = FloatMemory(count: count)
        return try body.withUnsafeBytes { text in
            try check(text, expected)
            let before = apus_allocation_count()
            _ = try tensor(text)
            let allocationCount = apus_allocation_count() - before
            let pace = try race.run(candidate: { _ = try tensor(text) }, reference: { _ = read(text, into: expected) })
            return Outcome(pace: pace, work: body.count, allocationCount: Int(allocationCount))
        }
    }

    private func check(_ text: UnsafeRawBufferPointer, _ expected: FloatMemory) throws {
        let found = try tensor(text)
        let count = read(text, into: expected)
        guard count == expected.count, found.shape.extents == extents else {
            throw InvalidComparison(description: "a tensor \(found.spec), the reference found \(count) numbers")
        }
        // RapidJSON's doubles may be off by some units of their last place, which the floats may round the other way.
        try Agreement.check(found.values(), expected.values, tolerance: reference == .document ? 1e-7 : 0)
    }

    private func tensor(_ text: UnsafeRawBufferPointer) throws -> Tensor {
        let body = try PredictBodyReader().read(text, addressing: .url) { _ throws(ServableError) in Self.inputs }
        guard case .only(let tensor) = body.inputs else {
            throw InvalidComparison(description: "the request has no dense tensor")
        }
        return tensor
    }

    private func read(_ text: UnsafeRawBufferPointer, into memory: FloatMemory) -> Int {
        let characters = text.assumingMemoryBound(to: CChar.self)
        guard let start = characters.baseAddress else { return 0 }
        return switch reference {
        case .numbers: apus_reference_read_floats(memory.start, memory.count, start, characters.count)
        case .document: apus_reference_read_document(memory.start, memory.count, start, characters.count)
        }
    }

    private static let inputs = [Signature.Parameter(name: "x", valueName: "x", type: TensorType(.float32, nil))]
}
