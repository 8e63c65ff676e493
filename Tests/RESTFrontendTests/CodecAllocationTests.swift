import AllocationCounter
import GraphIR
import HTTPCore
import ModelServing
import RESTFrontend
import ServableCore
import Tensors
import Testing

/// What the tensor JSON of a small request takes from the heap, once its tables are made.
@Suite("allocations of tensor JSON")
struct CodecAllocationTests {
    private static let inputs = [Signature.Parameter(name: "x", valueName: "x", type: TensorType(.float32, nil))]

    private static func read(_ body: [UInt8]) throws(ServableError) -> PredictBody {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: body.count, alignment: 1)
        defer { bytes.deallocate() }
        bytes.copyBytes(from: body)
        return try PredictBodyReader().read(UnsafeRawBufferPointer(bytes), addressing: .url) { _ in inputs }
    }

    @Test(
        "reading takes the memory of its result and nothing else",
        arguments: [
            #"{"instances":[1.0,2.0,5.0]}"#, #"{"inputs":[[0.5,-0.25],[1e-3,4]]}"#,
            "{\"instances\": [[" + String(repeating: "16.0, ", count: 63) + "0.0]]}",
        ])
    func reading(_ text: String) throws {
        let body = Array(text.utf8)
        _ = try Self.read(body)
        let before = apus_allocation_count()
        let result = try Self.read(body)
        let count = apus_allocation_count() - before
        // The test's own copy; then the tensor's elements, their owner, and the shape.
        #expect(count == 1 + 3)
        #expect(result.inputs.values.count == 1)
    }

    @Test("writing takes none when the buffer has room", arguments: [[3], [1, 64], [2, 3, 4, 5]] as [[Int]])
    func writing(_ extents: [Int]) throws {
        let shape = Shape(extents)
        let tensor = Tensor((0..<shape.elementCount).map { Float($0) / 7 }, shape: shape)
        var buffer = ByteBuffer()
        let outputs = CallOutputs([.tensor(tensor)])
        try TensorPayload(Self.inputs, outputs, format: .row).append(to: &buffer)
        buffer.removeAll()
        let before = apus_allocation_count()
        try TensorPayload(Self.inputs, outputs, format: .row).append(to: &buffer)
        #expect(apus_allocation_count() - before == 0)
        withExtendedLifetime(tensor) {}
    }
}
