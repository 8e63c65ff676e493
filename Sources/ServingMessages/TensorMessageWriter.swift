package import GraphIR
package import ProtobufWire
package import Tensors

/// A tensor as a `TensorProto`: what stands before its elements, and the elements where they lie as memory has them.
@safe package struct TensorMessageWriter {
    /// Where a message has the elements of a tensor.
    package enum Form: Sendable {
        /// In the field of their type, one value an element, as TensorFlow Serving writes them unless it is told otherwise.
        case typed
        /// In `tensor_content`, as memory has them; strings in `string_val`.
        case content
    }

    private var start = WireWriter()
    private var elements: UnsafeRawBufferPointer

    package var byteCount: Int { start.bytes.count + elementByteCount }

    private var elementByteCount: Int { unsafe elements.count }

    /// - Parameters:
    ///   - value: kept alive and unchanged by the caller until the message is written.
    ///   - name: of the input or output.
    /// - Throws: for what `TensorProto` does not have.
    @unsafe package init(_ value: ValueView, _ form: Form, name: String) throws(TensorMessageError) {
        switch value {
        case .dense(let view): try unsafe self.init(view, form, name: name)
        case .object(.strings(let strings)): try self.init(strings, name: name)
        case .object(let value): throw TensorMessageError(.unsupported, "\"\(name)\" is \(value.kind), which no TensorProto holds")
        }
    }

    /// - Parameters:
    ///   - view: kept alive and unchanged by the caller until the message is written.
    ///   - name: of the input or output.
    /// - Throws: for a type that `TensorProto` does not have.
    @unsafe package init(_ view: TensorView, _ form: Form, name: String) throws(TensorMessageError) {
        guard view.elementType != .string else { preconditionFailure("strings have no bytes of one tensor") }
        unsafe elements = UnsafeRawBufferPointer(start: nil, count: 0)
        try writeStart(view.spec, name)
        guard view.elementCount > 0 else { return }
        if form == .content {
            start.delimitedHead(4, byteCount: view.spec.byteCount)
        } else if let number = Self.fieldOfMemory(view.elementType) {
            start.delimitedHead(number, byteCount: view.spec.byteCount)
        } else {
            try writeIntegers(view)
            return
        }
        unsafe elements = view.bytes
    }

    package init(_ strings: StringTensor, name: String) throws(TensorMessageError) {
        unsafe elements = UnsafeRawBufferPointer(start: nil, count: 0)
        try writeStart(TensorSpec(.string, strings.shape), name)
        for element in strings.elements { start.delimited(8, element) }
    }

    /// Appends the message as the value of a map's entry: `map<string, TensorProto>`.
    package func append(to message: inout WireAssembly, field number: Int, key: String) {
        var value = WireWriter()
        value.string(1, key)
        value.delimitedHead(2, byteCount: byteCount)
        var entry = WireWriter()
        entry.delimitedHead(number, byteCount: value.bytes.count + byteCount)
        message.append(entry)
        message.append(value)
        append(to: &message)
    }

    package func append(to message: inout WireAssembly) {
        message.append(start)
        if elementByteCount > 0 { unsafe message.insert(elements) }
    }

    /// dtype 1, tensor_shape 2 (dim 2 (size 1)).
    private mutating func writeStart(_ spec: TensorSpec, _ name: String) throws(TensorMessageError) {
        guard let type = spec.elementType.tensorFlowType else {
            throw TensorMessageError(.unsupported, "\"\(name)\" is \(spec), for which Apus writes no TensorProto")
        }
        start.varint(1, UInt64(type.rawValue))
        start.message(2) { shape in
            for extent in spec.shape.extents { shape.message(2) { $0.integer(1, Int64(extent)) } }
        }
    }

    /// The typed field whose packed values are the bytes of memory; nil for the integers of variable length.
    private static func fieldOfMemory(_ type: ElementType) -> Int? {
        switch type {
        case .float32: 5
        case .float64: 6
        case .complex64: 9
        case .bool: 11
        case .complex128: 12
        default: nil
        }
    }

    private mutating func writeIntegers(_ view: TensorView) throws(TensorMessageError) {
        switch view.elementType {
        case .int32: write(view, 7, Int32.self)
        case .int16: write(view, 7, Int16.self)
        case .int8: write(view, 7, Int8.self)
        case .uint16: write(view, 7, UInt16.self)
        case .uint8: write(view, 7, UInt8.self)
        case .int64: write(view, 10, Int64.self)
        case .float16, .bfloat16: write(view, 13, UInt16.self)
        case .uint32: write(view, 16, UInt32.self)
        case .uint64: write(view, 17, UInt64.self)
        default: throw TensorMessageError(.unsupported, "is \(view.spec), for which Apus writes no TensorProto")
        }
    }

    private mutating func write<Element: FixedWidthInteger>(_ view: TensorView, _ number: Int, _: Element.Type) {
        let source = unsafe view.bytes
        let values = (0..<view.elementCount).lazy.map { index in
            Int64(truncatingIfNeeded: unsafe source.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self))
        }
        start.packed(number, values)
    }
}
