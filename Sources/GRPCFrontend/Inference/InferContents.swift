import OpenInference
import ProtobufWire
import ServableCore
import Tensors

extension InferMessages.Contents {
    /// The tensor whose elements these are: floats that lie in one piece are copied once, all others are decoded.
    ///
    /// - Parameter bytes: that the message was read from.
    /// - Throws: `invalidArgument` for elements in more than one field, and what `TypedContents` refuses.
    func tensor(_ spec: TensorSpec, input: String, in bytes: UnsafeRawBufferPointer) throws(ServableError) -> TensorValue {
        if let window = try unsafe window(of: spec.elementType, in: bytes), window.count == spec.byteCount {
            return try unsafe TensorBytes.read(UnsafeRawBufferPointer(rebasing: bytes[window]), spec, input: input)
        }
        return try unsafe typed(input, spec.elementType, in: bytes).tensor(spec, input: input)
    }

    /// Where the packed floats of the type lie, when they are all that the message holds; nil otherwise.
    private func window(of type: ElementType, in bytes: UnsafeRawBufferPointer) throws(ServableError) -> Range<Int>? {
        guard values.count == 1, let only = values.first, only.field.type == .lengthDelimited else { return nil }
        switch (only.field.number, type) {
        case (6, .float32), (7, .float64): break
        default: return nil
        }
        var reader = unsafe WireReader(bytes, range: only.range)
        do throws(WireError) { return try reader.delimited() } catch { throw .unreadable("InferTensorContents", "\(error)") }
    }

    private func typed(
        _ input: String, _ type: ElementType, in bytes: UnsafeRawBufferPointer
    ) throws(ServableError) -> TypedContents {
        let decoded: [TypedContents]
        do throws(WireError) { decoded = try unsafe decode(bytes) } catch { throw .unreadable("InferTensorContents", "\(error)") }
        let filled = decoded.filter { $0.count > 0 }
        guard filled.count <= 1 else {
            throw ServableError(.invalidArgument, "input \"\(input)\" has elements in more than one field of its contents; fill one")
        }
        return filled.first ?? Self.empty(type)
    }

    /// What a present but empty message holds: no element of the type.
    private static func empty(_ type: ElementType) -> TypedContents {
        switch type {
        case .bool: .bools([])
        case .int8, .int16, .int32: .int32s([])
        case .int64: .int64s([])
        case .uint8, .uint16, .uint32: .uint32s([])
        case .uint64: .uint64s([])
        case .float64: .doubles([])
        case .string: .strings([])
        default: .floats([])
        }
    }

    /// The fields that occur, each once.
    private func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> [TypedContents] {
        var decoded: [TypedContents] = []
        for number in Set(values.map(\.field.number)).sorted() {
            switch number {
            case 1: decoded.append(.bools(try unsafe integers(number, bytes).map { $0 != 0 }))
            case 2: decoded.append(.int32s(try unsafe integers(number, bytes).map { Int32(truncatingIfNeeded: $0) }))
            case 3: decoded.append(.int64s(try unsafe integers(number, bytes)))
            case 4: decoded.append(.uint32s(try unsafe integers(number, bytes).map { UInt32(truncatingIfNeeded: $0) }))
            case 5: decoded.append(.uint64s(try unsafe integers(number, bytes).map { UInt64(bitPattern: $0) }))
            case 6:
                var list: [Float] = []
                try unsafe forEach(number, bytes) { (reader, field) throws(WireError) in try reader.append(field, to: &list) }
                decoded.append(.floats(list))
            case 7:
                var list: [Double] = []
                try unsafe forEach(number, bytes) { (reader, field) throws(WireError) in try reader.append(field, to: &list) }
                decoded.append(.doubles(list))
            default:
                var list: [[UInt8]] = []
                try unsafe forEach(number, bytes) { (reader, field) throws(WireError) in
                    let range = try reader.range(field)
                    list.append(unsafe Array(bytes[range]))
                }
                decoded.append(.strings(list))
            }
        }
        return decoded
    }

    private func integers(_ number: Int, _ bytes: UnsafeRawBufferPointer) throws(WireError) -> [Int64] {
        var list: [Int64] = []
        try unsafe forEach(number, bytes) { (reader, field) throws(WireError) in try reader.append(field, to: &list) }
        return list
    }

    private func forEach(
        _ number: Int, _ bytes: UnsafeRawBufferPointer, _ body: (inout WireReader, WireField) throws(WireError) -> Void
    ) throws(WireError) {
        for value in values where value.field.number == number {
            var reader = unsafe WireReader(bytes, range: value.range)
            try body(&reader, value.field)
        }
    }
}
