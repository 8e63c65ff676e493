import AllocationCounter
import BenchmarkReferences
import GraphIR
import HTTPCore
import ModelServing
import RESTFrontend
import ServableCore
import Tensors

/// All the text of a small request: its body read into a tensor, and the same tensor written as the answer, against RapidJSON's
/// document and `std::to_chars`. What it costs is mostly independent of the numbers.
struct TensorExchange: Comparison {
    let extents: [Int]

    static let section = Section(
        title: "TensorJSON, small requests", summary: "read and answered, against RapidJSON and std::to_chars; thousands of requests",
        unit: .thousands, comparisons: [TensorExchange(extents: [3]), TensorExchange(extents: [1, 64])])

    var name: String { extents.map(String.init).joined(separator: "×") }

    var obstacle: String? { TensorReading.documentObstacle }

    func measure(by race: Race) throws -> Outcome {
        let count = extents.reduce(1, *)
        let body = TensorTexts.body(FloatMemory.samples(count: count).values, extents: extents, spelling: .levels)
        let numbers = FloatMemory(count: count)
        var text = [CChar](repeating: 0, count: count * 16)
        var buffer = ByteBuffer()
        return try body.withUnsafeBytes { request in
            guard let characters = request.assumingMemoryBound(to: CChar.self).baseAddress else {
                throw InvalidComparison(description: "the request has no text")
            }
            try answer(request, &buffer)
            try check(buffer.bytes, request)
            let before = apus_allocation_count()
            try answer(request, &buffer)
            let allocationCount = apus_allocation_count() - before
            let pace = try race.run {
                try answer(request, &buffer)
            } reference: {
                let found = apus_reference_read_document(numbers.start, count, characters, request.count)
                guard apus_reference_write_floats(&text, text.count, numbers.start, found) > 0 else {
                    throw InvalidComparison(description: "the reference read \(found) numbers and cannot write them")
                }
            }
            return Outcome(pace: pace, work: 1, allocationCount: Int(allocationCount))
        }
    }

    private func answer(_ request: UnsafeRawBufferPointer, _ buffer: inout ByteBuffer) throws {
        let body = try PredictBodyReader().read(request, addressing: .url) { _ throws(ServableError) in Self.parameters }
        guard case .only(let tensor) = body.inputs else {
            throw InvalidComparison(description: "the request has no dense tensor")
        }
        buffer.removeAll()
        buffer.append("{")
        try TensorPayload(Self.parameters, CallOutputs([.tensor(tensor)]), format: body.format).append(to: &buffer)
        withExtendedLifetime(tensor) {}
        buffer.append("}\n")
    }

    /// The answer must be the request under another name.
    private func check(_ answer: UnsafeRawBufferPointer, _ request: UnsafeRawBufferPointer) throws {
        let found = answer.dropFirst("{\"predictions\":".utf8.count).dropLast("\n".utf8.count)
        guard found.elementsEqual(request.dropFirst("{\"instances\":".utf8.count)) else {
            throw InvalidComparison(description: "the answer is \(String(decoding: answer, as: UTF8.self))")
        }
    }

    private static let parameters = [Signature.Parameter(name: "x", valueName: "x", type: TensorType(.float32, nil))]
}
