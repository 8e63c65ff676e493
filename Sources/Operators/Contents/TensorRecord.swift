import GraphIR
import ProtobufWire
import Tensors

/// A tensor as TensorFlow writes it into bytes: the message `TensorProto`.
enum TensorRecord {
    /// Numbers of TensorFlow's `DataType`.
    private static let typeNumbers: [(ElementType, UInt64)] = [
        (.float32, 1), (.float64, 2), (.int32, 3), (.uint8, 4), (.int16, 5), (.int8, 6), (.string, 7), (.complex64, 8), (.int64, 9),
        (.bool, 10), (.bfloat16, 14), (.uint16, 17), (.complex128, 18), (.float16, 19), (.uint32, 22), (.uint64, 23),
    ]

    /// Fields of the message.
    private enum Field {
        static let type = 1, shape = 2, content = 4
        static let floats = 5, doubles = 6, integers = 7, strings = 8, complexFloats = 9, longs = 10, bools = 11, complexDoubles = 12
        static let halves = 13, unsigned = 16, unsignedLongs = 17
    }

    // MARK: Writing

    static func bytes(_ elements: ElementList) -> [UInt8] {
        var writer = WireWriter()
        let type = elements.elementType
        writer.varint(Field.type, typeNumbers.first { $0.0 == type }?.1 ?? 0)
        writer.message(Field.shape) { shape in
            for extent in elements.shape.extents {
                shape.message(2) { if extent != 0 { $0.integer(1, Int64(extent)) } }
            }
        }
        switch elements {
        case .dense(let view): if view.spec.byteCount > 0 { writer.delimited(Field.content, view.bytes) }
        case .strings(let texts): for text in texts.elements { writer.delimited(Field.strings, text) }
        }
        return writer.bytes
    }

    // MARK: Reading

    /// What a message holds before it is made a tensor.
    private struct Contents: WireMessage {
        var type: UInt64 = 0
        var extents: [Int] = []
        var hasUnknownRank = false
        var content: Range<Int>?
        var floats: [Float] = []
        var doubles: [Double] = []
        var integers: [Int64] = []
        var strings: [Range<Int>] = []

        init() {}

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case Field.type: type = try reader.uint64(field)
            case Field.shape: try mergeShape(try reader.nested(field))
            case Field.content: content = try reader.range(field)
            case Field.floats, Field.complexFloats: try reader.append(field, to: &floats)
            case Field.doubles, Field.complexDoubles: try reader.append(field, to: &doubles)
            case Field.integers, Field.longs, Field.bools, Field.halves, Field.unsigned, Field.unsignedLongs:
                try reader.append(field, to: &integers)
            case Field.strings: strings.append(try reader.range(field))
            default: try reader.skip(field)
            }
        }

        private mutating func mergeShape(_ shape: WireReader) throws(WireError) {
            var shape = shape
            while let field = try shape.nextField() {
                switch field.number {
                case 2:
                    var dimension = try shape.nested(field), extent = 0
                    while let field = try dimension.nextField() {
                        if field.number == 1 { extent = Int(try dimension.int64(field)) } else { try dimension.skip(field) }
                    }
                    extents.append(extent)
                case 3: hasUnknownRank = try shape.bool(field)
                default: try shape.skip(field)
                }
            }
        }
    }

    /// The tensor that `text` holds.
    ///
    /// - Throws: when it is no such message, or the tensor is of another type than `type`.
    static func value(_ text: [UInt8], type: ElementType, _ context: EvaluationContext) throws(OperatorError) -> RuntimeValue {
        // Packed numbers of one byte each become eight.
        try context.withScratch(ByteCount.product(text.count, 8)) { () throws(OperatorError) in
            let outcome: Result<RuntimeValue, OperatorError> = text.withUnsafeBytes { bytes in
                Result { () throws(OperatorError) in try value(bytes, type, context) }
            }
            return try outcome.get()
        }
    }

    private static func value(
        _ bytes: UnsafeRawBufferPointer, _ wanted: ElementType, _ context: EvaluationContext
    ) throws(OperatorError) -> RuntimeValue {
        var reader = WireReader(bytes)
        let contents: Contents
        do { contents = try Contents(from: &reader) } catch {
            throw .invalidValue("Could not parse as TensorProto: \(error)")
        }
        guard let type = typeNumbers.first(where: { $0.1 == contents.type })?.0, type == wanted else {
            let found = typeNumbers.first { $0.1 == contents.type }?.0.name ?? "number \(contents.type)"
            throw .invalidValue("Type mismatch between parsed tensor (\(found)) and dtype (\(wanted))")
        }
        guard !contents.hasUnknownRank, let shape = Shape(checking: contents.extents) else {
            throw .invalidValue("a parsed tensor has no sound shape (\(contents.extents))")
        }
        if type == .string { return try strings(contents, shape, bytes, context) }
        return .tensor(try dense(contents, TensorSpec(type, shape), bytes, context))
    }

    private static func strings(
        _ contents: Contents, _ shape: Shape, _ bytes: UnsafeRawBufferPointer, _ context: EvaluationContext
    ) throws(OperatorError) -> RuntimeValue {
        guard contents.content == nil else { throw .unsupported("strings in a tensor's content") }
        let count = shape.elementCount
        guard contents.strings.count <= count else {
            throw .invalidValue("a parsed tensor of shape \(shape) has \(contents.strings.count) strings")
        }
        let builder = try TextBuilder(context, capacity: count)
        for place in 0..<count {
            let range = place < contents.strings.count ? contents.strings[place] : contents.strings.last
            try builder.append(range.map { Array(bytes[$0]) } ?? [])
        }
        return try builder.tensor(shape)
    }

    private static func dense(
        _ contents: Contents, _ spec: TensorSpec, _ bytes: UnsafeRawBufferPointer, _ context: EvaluationContext
    ) throws(OperatorError) -> Tensor {
        if let content = contents.content, !content.isEmpty {
            guard content.count == spec.byteCount else {
                throw .invalidValue("a parsed tensor \(spec) has \(content.count) bytes, expected \(spec.byteCount)")
            }
            return try context.makeTensor(spec) { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[content])) }
        }
        let count = spec.shape.elementCount
        return switch spec.elementType {
        case .float32: try fill(spec, contents.floats, count, context)
        case .complex64: try fill(spec, contents.floats, 2 * count, context, group: 2)
        case .float64: try fill(spec, contents.doubles, count, context)
        case .complex128: try fill(spec, contents.doubles, 2 * count, context, group: 2)
        case .int64, .uint64: try fill(spec, contents.integers, count, context)
        case .int32, .uint32: try fill(spec, contents.integers.map { Int32(truncatingIfNeeded: $0) }, count, context)
        case .int16, .uint16, .float16, .bfloat16:
            try fill(spec, contents.integers.map { Int16(truncatingIfNeeded: $0) }, count, context)
        case .int8, .uint8: try fill(spec, contents.integers.map { Int8(truncatingIfNeeded: $0) }, count, context)
        case .bool: try fill(spec, contents.integers.map { $0 == 0 ? Int8(0) : 1 }, count, context)
        case .string: throw .invalidValue("strings are no numbers")
        case let other: throw .unsupported("a parsed tensor of \(other)")
        }
    }

    /// Missing values are the last one; without any they are 0.
    private static func fill<Value: BitwiseCopyable & ExpressibleByIntegerLiteral>(
        _ spec: TensorSpec, _ values: [Value], _ count: Int, _ context: EvaluationContext, group: Int = 1
    ) throws(OperatorError) -> Tensor {
        guard values.count <= count, values.count % group == 0 else {
            throw .invalidValue("a parsed tensor \(spec) has \(values.count) values, expected \(count)")
        }
        return try context.makeTensor(spec) { bytes in
            let target = bytes.bindMemory(to: Value.self)
            for place in 0..<count {
                target[place] =
                    place < values.count ? values[place] : values.isEmpty ? 0 : values[values.count - group + place % group]
            }
        }
    }
}
