import ProtobufWire
package import Tensors

/// One tensor in a `.pb` file: a serialized `TensorProto` of `onnx.proto3`.
package enum TensorProtoFile {
    /// A tensor of numbers.
    package static func read(_ path: String) throws(TensorFileError) -> Tensor {
        guard case .dense(let tensor) = try readValue(path) else {
            throw .unsupported(path: path, reason: "holds strings, where numbers are expected")
        }
        return tensor
    }

    /// A tensor of numbers or strings.
    package static func readValue(_ path: String) throws(TensorFileError) -> TensorValue {
        do throws(ImportError) {
            let session = try ImportSession(path: path, limits: .standard)
            let proto = try session.read { reader throws(WireError) in try ONNX.Tensor(from: &reader) }
            return try TensorDecoder(session: session).value(proto, place: "the tensor \"\(proto.name)\"")
        } catch {
            throw TensorFileError(error)
        }
    }

    package static func write(_ tensor: Tensor, name: String, to path: String) throws(TensorFileError) {
        var message = WireWriter()
        message.packed(1, tensor.shape.extents.map(Int64.init))
        message.integer(2, Int64(ONNX.DataType(tensor.elementType).rawValue))
        message.string(8, name)
        unsafe tensor.withBytes { bytes in
            guard tensor.elementType.bitWidth % 8 != 0 else { return unsafe message.delimited(9, bytes) }
            let packed = unsafe PackedCodes.pack(bytes, bitWidth: tensor.elementType.bitWidth)
            unsafe packed.withUnsafeBytes { unsafe message.delimited(9, $0) }
        }
        try FileOutput.create(at: path) { output throws(TensorFileError) in try output.append(message.bytes) }
    }

    package static func write(_ tensor: StringTensor, name: String, to path: String) throws(TensorFileError) {
        var message = WireWriter()
        message.packed(1, tensor.shape.extents.map(Int64.init))
        message.integer(2, Int64(ONNX.DataType(.string).rawValue))
        for element in tensor.elements { unsafe element.withUnsafeBytes { unsafe message.delimited(6, $0) } }
        message.string(8, name)
        try FileOutput.create(at: path) { output throws(TensorFileError) in try output.append(message.bytes) }
    }
}

extension TensorFileError {
    fileprivate init(_ error: ImportError) {
        self =
            switch error {
            case .unreadable(let path, let reason): .inputOutput(path: path, reason: "cannot be read: \(reason)")
            case .unrecognized(let path, let reason): .malformed(path: path, reason: reason)
            case .malformed(let path, let place, let reason):
                .malformed(path: path, reason: "is no sound TensorProto: \(place) \(reason)")
            case .unsupported(let path, let place, let feature):
                .unsupported(path: path, reason: "cannot be taken: \(place) \(feature)")
            case .limitExceeded(let path, let place, let quantity, let found, let limit):
                .unsupported(path: path, reason: "is too large: \(place) has \(found) \(quantity), the limit is \(limit)")
            case .outOfMemory(let path, _, let byteCount): .outOfMemory(path: path, byteCount: byteCount)
            }
    }
}
