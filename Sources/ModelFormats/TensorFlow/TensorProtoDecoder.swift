import ProtobufWire
import ServingMessages
import Tensors

/// TensorFlow's `TensorProto` → tensor.
///
/// Elements are in `tensor_content` as they lie in memory, or in the typed field that belongs to the type; there the last value
/// stands for all that are left out.
struct TensorProtoDecoder {
    let session: ImportSession

    /// - Parameter place: what messages call the tensor.
    func value(_ proto: TensorFlow.Tensor, place: String) throws(ImportError) -> TensorValue {
        let spec = try spec(of: proto, place)
        guard spec.elementType != .string else { return .strings(try strings(proto, spec.shape, place)) }
        guard let content = proto.content, !content.isEmpty, spec.shape.elementCount > 0 else {
            return .dense(try typed(proto, spec, place))
        }
        guard content.count == spec.byteCount else {
            throw session.malformed(place, "has \(content.count) bytes of content, \(spec) needs \(spec.byteCount)")
        }
        return .dense(try session.tensor(spec, in: session.file, content, place: place))
    }

    private func spec(of proto: TensorFlow.Tensor, _ place: String) throws(ImportError) -> TensorSpec {
        guard let type = TensorFlow.DataType(number: proto.dataType)?.elementType else {
            throw session.unsupported(
                place, "has elements of type \(TensorFlow.DataType.name(of: proto.dataType)), which Apus does not compute with")
        }
        let extents = proto.shape?.extents ?? []
        try session.check(place, "dimensions", extents.count, atMost: session.limits.tensorRank)
        guard proto.shape?.isUnknownRank != true, let shape = Shape(checking: extents.map { Int($0) }) else {
            throw session.malformed(place, "has the shape \(extents); extents are 0 or more and their product below 2^48")
        }
        let spec = TensorSpec(type, shape)
        try session.check(place, "bytes", spec.byteCount, atMost: session.limits.tensorByteCount)
        return spec
    }

    // MARK: Typed fields

    private func typed(_ proto: TensorFlow.Tensor, _ spec: TensorSpec, _ place: String) throws(ImportError) -> Tensor {
        let elements = try found(place) { () throws(TensorMessageError) in
            // The session holds the contents while they are looked at.
            try unsafe TypedElements(proto, of: spec.elementType, in: session.file.bytes)
        }
        if elements.count < spec.shape.elementCount {
            try session.check(place, "bytes made of few", spec.byteCount, atMost: session.limits.denseByteCount)
        }
        let file = session.file
        return try unsafe session.memory.makeTensor(spec, place: place) { target in unsafe elements.fill(target, from: file.bytes) }
    }

    private func strings(_ proto: TensorFlow.Tensor, _ shape: Shape, _ place: String) throws(ImportError) -> StringTensor {
        let count = shape.elementCount
        try session.check(place, "strings", count, atMost: session.limits.denseByteCount / StringElements.overhead)
        let elements = try found(place) { () throws(TensorMessageError) in
            try unsafe StringElements.read(proto, count: count, in: session.file.bytes)
        }
        try session.memory.countCopied(elements.reduce(count * StringElements.overhead) { $0 + $1.count }, place: place)
        return StringTensor(shape: shape, elements: elements)
    }

    private func found<Result>(
        _ place: String, _ read: () throws(TensorMessageError) -> Result
    ) throws(ImportError) -> Result {
        do throws(TensorMessageError) {
            return try read()
        } catch {
            throw error.kind == .unsupported ? session.unsupported(place, error.reason) : session.malformed(place, error.reason)
        }
    }
}
