/// A type of Swift that tensors are made of: the integers, `Float`, `Double`, `Bool`, `String`, and `[UInt8]` for BYTES that are no text.
public protocol TensorElement: Sendable, Equatable {
    static var datatype: Datatype { get }
    /// Appends the elements in the protocol's binary form: little-endian, row-major.
    static func append(_ elements: [Self], to bytes: inout [UInt8])
    /// The elements of a binary form.
    ///
    /// - Throws: `ClientError.malformedResponse` when the bytes are not so many elements.
    static func elements(_ bytes: ArraySlice<UInt8>, count: Int) throws(ClientError) -> [Self]
}

extension TensorElement where Self: BitwiseCopyable {
    public static func append(_ elements: [Self], to bytes: inout [UInt8]) {
        elements.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    public static func elements(_ bytes: ArraySlice<UInt8>, count: Int) throws(ClientError) -> [Self] {
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Self>.size)
        guard !overflow, bytes.count == byteCount else {
            throw .malformedResponse("\(bytes.count) bytes are not \(count) elements of \(datatype.rawValue)")
        }
        return bytes.withUnsafeBytes { bytes in
            (0..<count).map { bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Self>.size, as: Self.self) }
        }
    }
}

extension Int8: TensorElement { public static var datatype: Datatype { .int8 } }
extension Int16: TensorElement { public static var datatype: Datatype { .int16 } }
extension Int32: TensorElement { public static var datatype: Datatype { .int32 } }
extension Int64: TensorElement { public static var datatype: Datatype { .int64 } }
extension UInt8: TensorElement { public static var datatype: Datatype { .uint8 } }
extension UInt16: TensorElement { public static var datatype: Datatype { .uint16 } }
extension UInt32: TensorElement { public static var datatype: Datatype { .uint32 } }
extension UInt64: TensorElement { public static var datatype: Datatype { .uint64 } }
extension Float: TensorElement { public static var datatype: Datatype { .fp32 } }
extension Double: TensorElement { public static var datatype: Datatype { .fp64 } }

extension Bool: TensorElement {
    public static var datatype: Datatype { .bool }

    public static func append(_ elements: [Bool], to bytes: inout [UInt8]) { bytes.append(contentsOf: elements.map { $0 ? 1 : 0 }) }

    public static func elements(_ bytes: ArraySlice<UInt8>, count: Int) throws(ClientError) -> [Bool] {
        guard bytes.count == count else { throw .malformedResponse("\(bytes.count) bytes are not \(count) elements of BOOL") }
        return bytes.map { $0 != 0 }
    }
}

extension [UInt8]: TensorElement {
    public static var datatype: Datatype { .bytes }

    /// A length of 4 bytes, little-endian, and the bytes of each element.
    public static func append(_ elements: [[UInt8]], to bytes: inout [UInt8]) {
        for element in elements {
            Swift.withUnsafeBytes(of: UInt32(element.count).littleEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: element)
        }
    }

    public static func elements(_ bytes: ArraySlice<UInt8>, count: Int) throws(ClientError) -> [[UInt8]] {
        var rest = bytes, elements: [[UInt8]] = []
        while !rest.isEmpty {
            guard rest.count >= 4 else { throw .malformedResponse("BYTES end within the length of an element") }
            let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            guard length <= rest.count else { throw .malformedResponse("BYTES end within an element") }
            elements.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        guard elements.count == count else { throw .malformedResponse("\(elements.count) elements of BYTES came, \(count) were expected") }
        return elements
    }
}

extension String: TensorElement {
    public static var datatype: Datatype { .bytes }

    public static func append(_ elements: [String], to bytes: inout [UInt8]) {
        [UInt8].append(elements.map { Array($0.utf8) }, to: &bytes)
    }

    /// Bytes that are no UTF-8 are an error: read such tensors as `[UInt8]`.
    public static func elements(_ bytes: ArraySlice<UInt8>, count: Int) throws(ClientError) -> [String] {
        var texts: [String] = []
        for element in try [UInt8].elements(bytes, count: count) {
            guard let text = String(validating: element, as: UTF8.self) else {
                throw .malformedResponse("an element of BYTES is no UTF-8; read the tensor as Tensor<[UInt8]>")
            }
            texts.append(text)
        }
        return texts
    }
}
