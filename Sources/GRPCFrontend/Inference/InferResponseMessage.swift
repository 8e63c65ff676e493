import OpenInference
import ProtobufWire
import ServableCore
import Tensors

/// `ModelInferResponse`: every output in `raw_output_contents`, which is what clients read; empty ones too.
struct InferResponseMessage {
    let bytes: MessageBytes

    /// - Parameters:
    ///   - outputs: lent by the run.
    ///   - isFinal: whether to say that this is the last response to its request.
    init(
        _ id: ServableID, id requestID: String, _ outputs: [InferenceOutput], isFinal: Bool, limit: Int
    ) throws(ServableError) {
        var head = WireWriter()
        head.string(1, id.name)
        head.string(2, String(id.version))
        if !requestID.isEmpty { head.string(3, requestID) }
        if isFinal {
            head.message(4) { entry in
                entry.string(1, "triton_final_response")
                entry.message(2) { $0.varint(1, 1) }
            }
        }
        for output in outputs { head.message(5) { Self.write(output, to: &$0) } }
        var message = WireAssembly()
        message.append(head)
        for output in outputs { unsafe Self.append(output, to: &message) }
        bytes = try MessageBytes(message, limit: limit)
    }

    /// InferOutputTensor: name 1, datatype 2, shape 3.
    private static func write(_ output: InferenceOutput, to message: inout WireWriter) {
        message.string(1, output.name)
        message.string(2, output.datatype.name)
        message.packed(3, output.shape.extents.map(Int64.init))
    }

    /// The elements: dense ones are written from where the run has left them.
    @unsafe private static func append(_ output: InferenceOutput, to message: inout WireAssembly) {
        var head = WireWriter()
        switch output.contents {
        case .dense(let view):
            head.delimitedHead(6, byteCount: output.byteCount)
            message.append(head)
            if output.byteCount > 0 { unsafe message.insert(view.bytes) }
        case .strings:
            var bytes: [UInt8] = []
            bytes.reserveCapacity(output.byteCount)
            unsafe output.withRawPieces { unsafe bytes.append(contentsOf: $0) }
            head.delimited(6, bytes)
            message.append(head)
        }
    }
}
