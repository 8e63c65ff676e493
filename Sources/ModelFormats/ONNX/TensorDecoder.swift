import ProtobufWire
import Tensors

/// `TensorProto` → tensor: in place in the file's contents where the bytes are the elements and lie on the boundary of their type,
/// else copied. Strings are always copied.
///
/// Elements are little-endian in the file, as on the processors that Apus runs on; those of 2 and 4 bits share bytes there.
struct TensorDecoder {
    let session: ImportSession

    /// - Parameter place: what messages call the tensor: `initializer "w"`.
    func value(_ proto: ONNX.Tensor, place: String) throws(ImportError) -> TensorValue {
        let spec = try spec(of: proto, place: place)
        guard !proto.isSegment else { throw session.unsupported(place, "is one segment of a tensor, which Apus does not join") }
        if spec.elementType == .string { return .strings(try strings(proto, spec.shape, place)) }
        return .dense(try dense(proto, spec, place))
    }

    /// A tensor of numbers.
    func tensor(_ proto: ONNX.Tensor, place: String) throws(ImportError) -> Tensor {
        guard case .dense(let tensor) = try value(proto, place: place) else {
            throw session.unsupported(place, "has elements of type string, where Apus takes numbers alone")
        }
        return tensor
    }

    private func dense(_ proto: ONNX.Tensor, _ spec: TensorSpec, _ place: String) throws(ImportError) -> Tensor {
        if proto.isExternal { return try external(proto, spec, place) }
        if let raw = proto.raw, !raw.isEmpty || proto.typedFields.isEmpty {
            guard proto.typedFields.isEmpty else {
                throw session.malformed(place, "has its elements twice, in raw_data and in a typed field")
            }
            return try inFile(session.file, raw, spec, place)
        }
        return try typed(proto, spec, place)
    }

    private func spec(of proto: ONNX.Tensor, place: String) throws(ImportError) -> TensorSpec {
        guard let elementType = ONNX.DataType(rawValue: proto.dataType)?.elementType else {
            throw session.malformed(place, "has \(ONNX.DataType.name(of: proto.dataType)) elements, which ONNX does not define")
        }
        let shape = try shape(proto.extents, place: place)
        // Far from overflow: the shape bounds the element count.
        let spec = TensorSpec(elementType, shape)
        try session.check(place, "bytes", spec.byteCount, atMost: session.limits.tensorByteCount)
        return spec
    }

    func shape(_ extents: [Int64], place: String) throws(ImportError) -> Shape {
        try session.check(place, "dimensions", extents.count, atMost: session.limits.tensorRank)
        guard let shape = Shape(checking: extents.map(Int.init)) else {
            let text = "[" + extents.map(String.init).joined(separator: ",") + "]"
            throw session.malformed(place, "has the shape \(text); extents are 0 or more and their product below 2^48")
        }
        return shape
    }

    // MARK: Bytes as they are

    private func inFile(
        _ file: FileContents, _ range: Range<Int>, _ spec: TensorSpec, _ place: String
    ) throws(ImportError) -> Tensor {
        guard range.count == spec.packedByteCount else {
            throw session.malformed(place, "has \(range.count) bytes of data, \(spec) needs \(spec.packedByteCount)")
        }
        guard spec.elementType.bitWidth % 8 == 0 else { return try session.unpackedTensor(spec, in: file, range, place: place) }
        return try session.tensor(spec, in: file, range, place: place)
    }

    /// `external_data`: `location`, and optionally `offset` and `length` in bytes.
    private func external(_ proto: ONNX.Tensor, _ spec: TensorSpec, _ place: String) throws(ImportError) -> Tensor {
        var location: String?
        var offset = 0
        var length = spec.packedByteCount
        for entry in proto.externalEntries {
            switch entry.key {
            case "location": location = entry.value
            case "offset": offset = try byteCount(entry, place)
            case "length": length = try byteCount(entry, place)
            default: break
            }
        }
        guard let location else { throw session.malformed(place, "has external data without a location") }
        let file: FileContents
        do throws(ExternalFiles.Refusal) { file = try session.externalFiles.contents(of: location) } catch {
            if error.isLimit { throw session.unsupported(place, error.reason) }
            throw session.malformed(place, error.reason)
        }
        guard offset <= file.byteCount, length <= file.byteCount - offset else {
            throw session.malformed(
                place, "needs \(length) bytes at \(offset) of \"\(location)\", which has \(file.byteCount); copy the file again")
        }
        return try inFile(file, offset..<(offset + length), spec, place)
    }

    private func byteCount(_ entry: ONNX.Property, _ place: String) throws(ImportError) -> Int {
        guard let value = Int(entry.value), value >= 0 else {
            throw session.malformed(place, "has the external \(entry.key) \"\(entry.value)\", expected a number of bytes")
        }
        return value
    }

    // MARK: Strings

    /// The elements in `string_data`, which hold any bytes.
    private func strings(_ proto: ONNX.Tensor, _ shape: Shape, _ place: String) throws(ImportError) -> StringTensor {
        guard proto.raw == nil, proto.typedFields.isEmpty, !proto.isExternal else {
            throw session.malformed(place, "has strings outside of string_data, where alone they are allowed")
        }
        guard proto.strings.count == shape.elementCount else {
            throw session.malformed(place, "has \(proto.strings.count) strings, the shape \(shape) needs \(shape.elementCount)")
        }
        let byteCount = proto.strings.reduce(0) { $0 + $1.count + Self.stringOverhead }
        try session.memory.countCopied(byteCount, place: place)
        let bytes = unsafe session.file.bytes
        return StringTensor(shape: shape, elements: proto.strings.map { unsafe Array(bytes[$0]) })
    }

    /// Bytes that a short string takes beside its own: the array's reference and header.
    private static let stringOverhead = 48
}
