import ProtobufWire
package import Tensors

/// The elements that the typed field of a `TensorProto` gives, as they lie in a tensor's memory.
@safe package struct TypedElements {
    private enum Contents {
        /// They lie so in the message.
        case window(Range<Int>)
        case values([UInt8])
    }

    private let contents: Contents
    private let width: Int
    package let count: Int

    private init(_ contents: Contents, byteCount: Int, width: Int) {
        self.contents = contents
        self.width = width
        count = byteCount / width
    }

    /// Writes as many elements as `target` has room for; the last one stands for all that are left out, and zero when there is none.
    ///
    /// - Parameter bytes: that the message was read from.
    package func fill(_ target: UnsafeMutableRawBufferPointer, from bytes: UnsafeRawBufferPointer) {
        let given = min(count * width, target.count)
        switch contents {
        case .window(let range):
            unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound..<range.lowerBound + given]))
        case .values(let values):
            unsafe values.withUnsafeBytes { unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<given])) }
        }
        guard given < target.count else { return }
        guard given > 0 else {
            for index in target.indices { unsafe target[index] = 0 }
            return
        }
        var end = given
        while end < target.count {
            // What repeats the last element is as long as whole elements, and doubles.
            let length = min(max(width, end - given), target.count - end)
            let start = end - max(width, end - given)
            unsafe UnsafeMutableRawBufferPointer(rebasing: target[end..<end + length])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: target[start..<start + length]))
            end += length
        }
    }
}

extension TypedElements {
    /// - Parameter bytes: that the message was read from.
    package init(
        _ message: TensorFlow.Tensor, of type: ElementType, in bytes: UnsafeRawBufferPointer
    ) throws(TensorMessageError) {
        guard let form = Form(type) else {
            throw TensorMessageError(.unsupported, "has elements of type \(type), which no typed field holds")
        }
        do throws(WireError) {
            try unsafe self.init(message.typedFields.filter { $0.field.number == form.number }, form, in: bytes)
        } catch {
            throw TensorMessageError(.malformed, "has values that cannot be read: \(error)")
        }
    }

    private init(
        _ occurrences: [TensorFlow.Tensor.TypedField], _ form: Form, in bytes: UnsafeRawBufferPointer
    ) throws(WireError) {
        if occurrences.count == 1, form.isFixed, occurrences[0].field.type == .lengthDelimited {
            var reader = unsafe WireReader(bytes, range: occurrences[0].range)
            let range = try reader.delimited()
            try Self.checkWhole(range, form)
            self.init(.window(range), byteCount: range.count, width: form.width)
            return
        }
        var values: [UInt8] = []
        for occurrence in occurrences {
            var reader = unsafe WireReader(bytes, range: occurrence.range)
            let isPacked = occurrence.field.type == .lengthDelimited
            let range = isPacked ? try reader.delimited() : occurrence.range
            if form.isFixed, !isPacked, occurrence.field.type != (form.partWidth == 4 ? .fixed32 : .fixed64) {
                throw Self.unexpected(occurrence, form.partWidth == 4 ? .fixed32 : .fixed64)
            }
            if !form.isFixed, !isPacked, occurrence.field.type != .varint { throw Self.unexpected(occurrence, .varint) }
            if form.isFixed {
                try Self.checkWhole(range, form)
                unsafe values.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[range]))
            } else {
                try unsafe Self.append(WireReader(bytes, range: range), form, to: &values)
            }
        }
        self.init(.values(values), byteCount: values.count, width: form.width)
    }

    private static func checkWhole(_ range: Range<Int>, _ form: Form) throws(WireError) {
        guard range.count.isMultiple(of: form.partWidth) else {
            throw WireError(
                .unevenPackedLength(byteCount: range.count, elementByteCount: form.partWidth), offset: range.lowerBound)
        }
    }

    private static func unexpected(_ occurrence: TensorFlow.Tensor.TypedField, _ expected: WireType) -> WireError {
        WireError(
            .unexpectedType(field: occurrence.field.number, found: occurrence.field.type, expected: expected),
            offset: occurrence.field.offset)
    }

    /// Integers wrap to the element's width.
    private static func append(_ reader: WireReader, _ form: Form, to values: inout [UInt8]) throws(WireError) {
        var reader = reader
        while reader.position < reader.end {
            var value = try reader.varint()
            if form.isBool { value = value == 0 ? 0 : 1 }
            unsafe withUnsafeBytes(of: value.littleEndian) { unsafe values.append(contentsOf: $0.prefix(form.width)) }
        }
    }

    /// Which field holds elements of a type, and how.
    private struct Form {
        let number: Int
        /// Bytes of one element in memory.
        let width: Int
        /// Bytes of one value of the field, which is half an element of a complex type; 0 for integers of variable length.
        let partWidth: Int
        let isBool: Bool

        var isFixed: Bool { partWidth > 0 }

        init?(_ type: ElementType) {
            let (number, partWidth): (Int, Int)
            switch type {
            case .float32: (number, partWidth) = (5, 4)
            case .float64: (number, partWidth) = (6, 8)
            case .int8, .int16, .int32, .uint8, .uint16: (number, partWidth) = (7, 0)
            case .complex64: (number, partWidth) = (9, 4)
            case .int64: (number, partWidth) = (10, 0)
            case .bool: (number, partWidth) = (11, 0)
            case .complex128: (number, partWidth) = (12, 8)
            case .float16, .bfloat16: (number, partWidth) = (13, 0)
            case .uint32: (number, partWidth) = (16, 0)
            case .uint64: (number, partWidth) = (17, 0)
            default: return nil
            }
            self.number = number
            self.partWidth = partWidth
            width = type.byteCount
            isBool = type == .bool
        }
    }
}
