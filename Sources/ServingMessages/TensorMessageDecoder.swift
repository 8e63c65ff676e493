package import Tensors

/// Makes tensors of the `TensorProto` messages that a request has brought: each is copied once, from the message.
///
/// Borrows the message's bytes. What the tensors of one request take together is bounded before it is taken, since a few bytes can
/// ask for any number of elements.
@safe package struct TensorMessageDecoder {
    private let bytes: UnsafeRawBufferPointer
    private let byteLimit: Int
    private var remainingByteCount: Int

    /// - Parameters:
    ///   - bytes: that the messages were read from; the caller keeps them alive and unchanged.
    ///   - byteLimit: of all tensors together.
    @unsafe package init(_ bytes: UnsafeRawBufferPointer, byteLimit: Int) {
        unsafe self.bytes = bytes
        self.byteLimit = byteLimit
        remainingByteCount = byteLimit
    }

    package mutating func value(_ message: TensorFlow.Tensor) throws(TensorMessageError) -> TensorValue {
        let spec = try Self.spec(of: message)
        guard spec.elementType != .string else {
            let count = spec.shape.elementCount
            // The product of a sound shape is far from overflow.
            try take(count * StringElements.overhead, spec)
            guard count > 0 else { return .strings(StringTensor(shape: spec.shape, elements: [])) }
            return .strings(StringTensor(shape: spec.shape, elements: try unsafe StringElements.read(message, count: count, in: bytes)))
        }
        try take(spec.byteCount, spec)
        guard spec.shape.elementCount > 0 else { return .dense(try unsafe Self.tensor(spec) { _ in }) }
        if let content = message.content, !content.isEmpty { return .dense(try tensor(spec, content: content)) }
        let elements = try unsafe TypedElements(message, of: spec.elementType, in: bytes), source = unsafe bytes
        return .dense(try unsafe Self.tensor(spec) { unsafe elements.fill($0, from: source) })
    }

    private func tensor(_ spec: TensorSpec, content: Range<Int>) throws(TensorMessageError) -> Tensor {
        guard content.count == spec.byteCount else {
            throw TensorMessageError(.malformed, "has \(content.count) bytes of content, \(spec) needs \(spec.byteCount)")
        }
        let source = unsafe UnsafeRawBufferPointer(rebasing: bytes[content])
        return try unsafe Self.tensor(spec) { target in
            unsafe target.copyMemory(from: source)
            // A bool's byte is 0 or 1 everywhere in the engine.
            guard spec.elementType == .bool else { return }
            for index in target.indices where unsafe target[index] > 1 { unsafe target[index] = 1 }
        }
    }

    /// - Throws: for a type that Apus does not compute with and a shape that no tensor has.
    package static func spec(of message: TensorFlow.Tensor) throws(TensorMessageError) -> TensorSpec {
        guard let type = TensorFlow.DataType(number: message.dataType)?.elementType else {
            throw TensorMessageError(
                .unsupported,
                "has elements of type \(TensorFlow.DataType.name(of: message.dataType)), which Apus does not compute with")
        }
        let extents = message.shape?.extents ?? []
        guard message.shape?.isUnknownRank != true, let shape = Shape(checking: extents.map { Int($0) }) else {
            throw TensorMessageError(
                .malformed,
                "has the shape \(extents); expected at most \(Shape.maximumRank) extents of 0 or more whose product is below 2^48")
        }
        return TensorSpec(type, shape)
    }

    private mutating func take(_ byteCount: Int, _ spec: TensorSpec) throws(TensorMessageError) {
        guard byteCount <= remainingByteCount else {
            throw TensorMessageError(
                .tooLarge, "is \(spec), with which the request's tensors take more than the \(byteLimit) bytes that they may")
        }
        remainingByteCount -= byteCount
    }

    private static func tensor(
        _ spec: TensorSpec, _ fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(TensorMessageError) -> Tensor {
        do throws(MemoryRefusal) {
            return try unsafe Tensor(spec, fill: fill)
        } catch {
            throw TensorMessageError(.noMemory, "\(error)")
        }
    }
}
