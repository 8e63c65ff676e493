import ProtobufWire
import Tensors

extension TensorDecoder {
    /// Elements in the field that `onnx.proto3` assigns to the element type: `float_data`, `int32_data` (which small
    /// integers, bool and the bits of 16- and 8-bit floats share; of types of 2 and 4 bits a number there is a byte that holds several),
    /// `int64_data`, `double_data` or `uint64_data`.
    func typed(_ proto: ONNX.Tensor, _ spec: TensorSpec, _ place: String) throws(ImportError) -> Tensor {
        let elements = TypedElements(session: session, proto: proto, spec: spec, place: place)
        return switch spec.elementType {
        case .float32: try elements.tensor(try elements.all(field: 4, of: Float.self))
        case .float64: try elements.tensor(try elements.all(field: 10, of: Double.self))
        case .int64: try elements.tensor(try elements.all(field: 7, of: Int64.self))
        case .uint64: try elements.tensor(try elements.all(field: 11, of: UInt64.self))
        case .uint32: try elements.tensor(try elements.exact(field: 11, from: UInt64.self, UInt32.self))
        case .int32: try elements.tensor(try elements.all(field: 5, of: Int32.self))
        case .int16: try elements.tensor(try elements.exact(field: 5, from: Int32.self, Int16.self))
        case .int8: try elements.tensor(try elements.exact(field: 5, from: Int32.self, Int8.self))
        case .uint16: try elements.tensor(try elements.exact(field: 5, from: Int32.self, UInt16.self))
        case .uint8: try elements.tensor(try elements.exact(field: 5, from: Int32.self, UInt8.self))
        case .bool: try elements.tensor(try elements.all(field: 5, of: Int32.self).map { UInt8($0 == 0 ? 0 : 1) })
        case .float16, .bfloat16:
            try elements.tensor(try elements.all(field: 5, of: Int32.self).map { UInt16(truncatingIfNeeded: $0) })
        case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0:
            try elements.tensor(try elements.all(field: 5, of: Int32.self).map { UInt8(truncatingIfNeeded: $0) })
        case .float4e2m1, .int4, .uint4, .int2, .uint2:
            try elements.unpacked(try elements.all(field: 5, of: Int32.self).map { UInt8(truncatingIfNeeded: $0) })
        case .complex64: try elements.tensor(try elements.all(field: 4, of: Float.self))
        case .complex128: try elements.tensor(try elements.all(field: 10, of: Double.self))
        case .string: throw session.malformed(place, "has strings in a field for numbers")
        }
    }
}

/// The typed data fields of one tensor.
private struct TypedElements {
    let session: ImportSession
    let proto: ONNX.Tensor
    let spec: TensorSpec
    let place: String

    /// All elements; `number` is the only field of `TensorProto` that they may be in.
    func all<Element: PackedElement>(field number: Int, of _: Element.Type) throws(ImportError) -> [Element] {
        var values: [Element] = []
        for occurrence in proto.typedFields {
            let found = occurrence.field.number
            guard found == number else {
                throw session.malformed(
                    place, "has \(spec.elementType) elements in field \(found) of TensorProto, expected field \(number)")
            }
            try session.read(occurrence.range, place: place) { reader throws(WireError) in
                try Element.append(occurrence.field, from: &reader, to: &values)
            }
        }
        guard values.count == fieldCount else {
            let unit = fieldCount == spec.shape.elementCount ? "elements" : "numbers in field \(number)"
            throw session.malformed(place, "has \(values.count) \(unit), \(spec) needs \(fieldCount)")
        }
        return values
    }

    /// Numbers in the field: a complex element is two of them, and elements of 2 or 4 bits share one.
    private var fieldCount: Int {
        switch spec.elementType.bitWidth {
        case 2, 4: spec.packedByteCount
        default: spec.shape.elementCount * (spec.elementType.isComplex ? 2 : 1)
        }
    }

    /// The same in a narrower type, which must hold each of them.
    func exact<Wide: PackedElement & BinaryInteger, Narrow: FixedWidthInteger>(
        field: Int, from _: Wide.Type, _: Narrow.Type
    ) throws(ImportError) -> [Narrow] {
        var result: [Narrow] = []
        for value in try all(field: field, of: Wide.self) {
            guard let narrow = Narrow(exactly: value) else {
                throw session.malformed(place, "holds \(value), which does not fit \(spec.elementType)")
            }
            result.append(narrow)
        }
        return result
    }

    func unpacked(_ bytes: [UInt8]) throws(ImportError) -> Tensor {
        try unsafe session.memory.makeTensor(spec, place: place) { target in
            unsafe bytes.withUnsafeBytes { unsafe PackedCodes.unpack($0, into: target, bitWidth: spec.elementType.bitWidth) }
        }
    }

    func tensor<Scalar: BitwiseCopyable>(_ values: [Scalar]) throws(ImportError) -> Tensor {
        try unsafe session.memory.makeTensor(spec, place: place) { target in
            unsafe values.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
        }
    }
}

/// What typed data fields hold.
private protocol PackedElement {
    static func append(_ field: WireField, from reader: inout WireReader, to list: inout [Self]) throws(WireError)
}

extension Float: PackedElement {
    fileprivate static func append(_ field: WireField, from reader: inout WireReader, to list: inout [Float]) throws(WireError) {
        try reader.append(field, to: &list)
    }
}

extension Double: PackedElement {
    fileprivate static func append(_ field: WireField, from reader: inout WireReader, to list: inout [Double]) throws(WireError) {
        try reader.append(field, to: &list)
    }
}

extension Int32: PackedElement {
    fileprivate static func append(_ field: WireField, from reader: inout WireReader, to list: inout [Int32]) throws(WireError) {
        try reader.append(field, to: &list)
    }
}

extension Int64: PackedElement {
    fileprivate static func append(_ field: WireField, from reader: inout WireReader, to list: inout [Int64]) throws(WireError) {
        try reader.append(field, to: &list)
    }
}

extension UInt64: PackedElement {
    fileprivate static func append(_ field: WireField, from reader: inout WireReader, to list: inout [UInt64]) throws(WireError) {
        try reader.append(field, to: &list)
    }
}
