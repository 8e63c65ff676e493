import ProtobufWire
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
        let fields = TypedFields(session: session, proto: proto, spec: spec, place: place)
        return switch spec.elementType {
        case .float32:
            try fields.tensor(5, zero: 0) { (reader, field, list: inout [Float]) throws(WireError) in try reader.append(field, to: &list) }
        case .float64:
            try fields.tensor(6, zero: 0) { (reader, field, list: inout [Double]) throws(WireError) in try reader.append(field, to: &list) }
        case .int32: try fields.integers(7, Int32.self)
        case .int16: try fields.integers(7, Int16.self)
        case .int8: try fields.integers(7, Int8.self)
        case .uint16: try fields.integers(7, UInt16.self)
        case .uint8: try fields.integers(7, UInt8.self)
        case .int64: try fields.integers(10, Int64.self)
        case .uint32: try fields.integers(16, UInt32.self)
        case .uint64: try fields.integers(17, UInt64.self)
        case .float16, .bfloat16: try fields.integers(13, UInt16.self)
        case .bool:
            try fields.tensor(11, zero: UInt8(0)) { (reader, field, list: inout [UInt8]) throws(WireError) in
                var values: [Int64] = []
                try reader.append(field, to: &values)
                list += values.map { $0 == 0 ? 0 : 1 }
            }
        case .complex64:
            try fields.pairs(9) { (reader, field, list: inout [Float]) throws(WireError) in try reader.append(field, to: &list) }
        case .complex128:
            try fields.pairs(12) { (reader, field, list: inout [Double]) throws(WireError) in try reader.append(field, to: &list) }
        case .string: throw session.malformed(place, "has strings in a field for numbers")
        case let other: throw session.unsupported(place, "has elements of type \(other), which Apus reads from ONNX alone")
        }
    }

    private func strings(_ proto: TensorFlow.Tensor, _ shape: Shape, _ place: String) throws(ImportError) -> StringTensor {
        let count = shape.elementCount
        try session.check(place, "strings", count, atMost: session.limits.denseByteCount / Self.stringOverhead)
        var elements: [[UInt8]] = []
        if let content = proto.content, !content.isEmpty {
            elements = try packedStrings(content, count, place)
        } else {
            let bytes = unsafe session.file.bytes
            elements = proto.strings.prefix(count).map { unsafe Array(bytes[$0]) }
        }
        try session.memory.countCopied(elements.reduce(count * Self.stringOverhead) { $0 + $1.count }, place: place)
        let last = elements.last ?? []
        elements += repeatElement(last, count: count - elements.count)
        return StringTensor(shape: shape, elements: elements)
    }

    /// Lengths of all elements, then their bytes.
    private func packedStrings(_ content: Range<Int>, _ count: Int, _ place: String) throws(ImportError) -> [[UInt8]] {
        var rest = unsafe Array(session.file.bytes[content])[...]
        var lengths: [Int] = []
        do throws(SortedTable.Damage) {
            for _ in 0..<count { lengths.append(Int(clamping: try Varint.read(&rest))) }
        } catch { throw session.malformed(place, "\(error.reason) among the lengths of its strings") }
        var elements: [[UInt8]] = []
        for length in lengths {
            guard length <= rest.count else { throw session.malformed(place, "has a string of \(length) bytes, \(rest.count) are left") }
            elements.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        guard rest.isEmpty else { throw session.malformed(place, "has \(rest.count) bytes after its strings") }
        return elements
    }

    /// Bytes that a short string takes beside its own: the array's reference and header.
    private static let stringOverhead = 48
}

/// The typed data fields of one tensor.
private struct TypedFields {
    let session: ImportSession
    let proto: TensorFlow.Tensor
    let spec: TensorSpec
    let place: String

    typealias Append<Element> = (inout WireReader, WireField, inout [Element]) throws(WireError) -> Void

    func tensor<Element: BitwiseCopyable>(
        _ number: Int, zero: Element, _ append: Append<Element>
    ) throws(ImportError) -> Tensor {
        try filled(try values(number, append), zero: zero)
    }

    /// Integers wrap to the element's width.
    func integers<Element: FixedWidthInteger & BitwiseCopyable>(_ number: Int, _: Element.Type) throws(ImportError) -> Tensor {
        try tensor(number, zero: Element.zero) { (reader, field, list: inout [Element]) throws(WireError) in
            var values: [Int64] = []
            try reader.append(field, to: &values)
            list += values.map { Element(truncatingIfNeeded: $0) }
        }
    }

    func pairs<Part: ComplexPart>(_ number: Int, _ append: Append<Part>) throws(ImportError) -> Tensor {
        let parts = try values(number, append)
        let numbers = stride(from: 0, to: parts.count - 1, by: 2).map { Complex(parts[$0], parts[$0 + 1]) }
        return try filled(numbers, zero: Complex<Part>(0))
    }

    private func values<Element>(_ number: Int, _ append: Append<Element>) throws(ImportError) -> [Element] {
        var values: [Element] = []
        for occurrence in proto.typedFields where occurrence.field.number == number {
            try session.read(occurrence.range, place: place) { reader throws(WireError) in
                try append(&reader, occurrence.field, &values)
            }
        }
        return values
    }

    private func filled<Element: BitwiseCopyable>(_ values: [Element], zero: Element) throws(ImportError) -> Tensor {
        let count = spec.shape.elementCount
        if values.count < count { try session.check(place, "bytes made of few", spec.byteCount, atMost: session.limits.denseByteCount) }
        return try unsafe session.memory.makeTensor(spec, place: place) { target in
            let elements = unsafe target.bindMemory(to: Element.self)
            let last = values.last ?? zero
            for index in 0..<count { unsafe elements[index] = index < values.count ? values[index] : last }
        }
    }
}
