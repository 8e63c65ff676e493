/// Reads one protobuf message field by field, without copying and without believing a length.
///
/// A reader is a cursor over bytes in the caller's memory (a file's contents); nested messages are read by readers
/// over sub-ranges. Every access is checked against the end of the message; a fault is thrown with its byte position.
/// After an error the reader's position is undefined and it must not be used further.
///
/// Source: protobuf encoding guide (protobuf.dev/programming-guides/encoding).
@safe package struct WireReader {
    /// How deep messages and groups may be nested when nothing else is said: the limit of the reference parsers.
    package static let defaultDepth = 100

    private let bytes: UnsafeRawBufferPointer
    /// Position in `bytes`; never beyond `end`.
    package private(set) var position: Int
    package let end: Int
    /// Levels that may still open below this message.
    package let depth: Int
    private let depthLimit: Int

    /// A reader of the message that fills `bytes`.
    ///
    /// The caller keeps `bytes` alive and unchanged while the reader and those made from it are used.
    @unsafe package init(_ bytes: UnsafeRawBufferPointer, depth: Int = defaultDepth) {
        unsafe self.init(bytes, range: 0..<bytes.count, depth: depth)
    }

    /// A reader of the message that fills `range` of `bytes`; positions count from the start of `bytes`.
    ///
    /// - Precondition: the range lies inside, as one returned by `range(_:)` does.
    @unsafe package init(_ bytes: UnsafeRawBufferPointer, range: Range<Int>, depth: Int = defaultDepth) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "\(range) lies outside the buffer")
        unsafe self.init(bytes: bytes, range: range, depth: depth, depthLimit: depth)
    }

    private init(bytes: UnsafeRawBufferPointer, range: Range<Int>, depth: Int, depthLimit: Int) {
        unsafe self.bytes = unsafe bytes
        position = range.lowerBound
        end = range.upperBound
        self.depth = depth
        self.depthLimit = depthLimit
    }

    private var available: Int { end - position }

    /// The next field's head, or nil at the end of the message. The caller must then read or skip the value.
    package mutating func nextField() throws(WireError) -> WireField? {
        guard position < end else { return nil }
        let offset = position
        let tag = try varint()
        guard tag <= UInt32.max, tag >> 3 != 0, let type = WireType(rawValue: UInt8(tag & 7)) else {
            throw WireError(.invalidTag(tag), offset: offset)
        }
        return WireField(number: Int(tag >> 3), type: type, offset: offset)
    }

    // MARK: Raw values

    /// A base-128 integer of at most ten bytes.
    package mutating func varint() throws(WireError) -> UInt64 {
        let start = position
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end {
            let byte = unsafe bytes[position]
            position += 1
            // The tenth byte has room for one bit.
            if shift == 63, byte > 1 { throw WireError(.varintTooLong, offset: start) }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw WireError(.truncated(needed: end - start + 1, available: end - start), offset: start)
    }

    package mutating func fixed32() throws(WireError) -> UInt32 {
        try need(4)
        let value = unsafe UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
        position += 4
        return value
    }

    package mutating func fixed64() throws(WireError) -> UInt64 {
        try need(8)
        let value = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        position += 8
        return value
    }

    /// The extent of a length-delimited value, which is skipped.
    package mutating func delimited() throws(WireError) -> Range<Int> {
        let start = position
        let length = try varint()
        guard length <= UInt64(available) else {
            throw WireError(.truncated(needed: Int(clamping: length), available: available), offset: start)
        }
        let range = position..<(position + Int(length))
        position = range.upperBound
        return range
    }

    private func need(_ byteCount: Int) throws(WireError) {
        guard byteCount <= available else {
            throw WireError(.truncated(needed: byteCount, available: available), offset: position)
        }
    }

    // MARK: Unknown fields

    /// Steps over the value of `field`; a group is stepped over whole.
    package mutating func skip(_ field: WireField) throws(WireError) {
        switch field.type {
        case .groupStart: try skipGroup(field)
        case .groupEnd: throw WireError(.unmatchedGroupEnd(field: field.number), offset: field.offset)
        default: try skipScalar(field.type)
        }
    }

    private mutating func skipScalar(_ type: WireType) throws(WireError) {
        switch type {
        case .varint: _ = try varint()
        case .fixed64: _ = try fixed64()
        case .fixed32: _ = try fixed32()
        default: _ = try delimited()
        }
    }

    /// Keeps the open groups in a list instead of recursing: the bytes choose the nesting.
    private mutating func skipGroup(_ first: WireField) throws(WireError) {
        var open = [first]
        while let innermost = open.last {
            guard open.count <= depth else { throw WireError(.nestingTooDeep(limit: depthLimit), offset: innermost.offset) }
            guard let field = try nextField() else {
                throw WireError(.unterminatedGroup(field: innermost.number), offset: innermost.offset)
            }
            switch field.type {
            case .groupStart: open.append(field)
            case .groupEnd:
                guard field.number == innermost.number else {
                    throw WireError(.unmatchedGroupEnd(field: field.number), offset: field.offset)
                }
                open.removeLast()
            default: try skipScalar(field.type)
            }
        }
    }
}

// MARK: - Typed fields

extension WireReader {
    private func expect(_ field: WireField, _ type: WireType) throws(WireError) {
        guard field.type == type else {
            throw WireError(.unexpectedType(field: field.number, found: field.type, expected: type), offset: field.offset)
        }
    }

    package mutating func uint64(_ field: WireField) throws(WireError) -> UInt64 {
        try expect(field, .varint)
        return try varint()
    }

    package mutating func int64(_ field: WireField) throws(WireError) -> Int64 {
        Int64(bitPattern: try uint64(field))
    }

    /// An `int32` or enum: written as 64 bits, of which the lower half counts.
    package mutating func int32(_ field: WireField) throws(WireError) -> Int32 {
        Int32(truncatingIfNeeded: try uint64(field))
    }

    package mutating func bool(_ field: WireField) throws(WireError) -> Bool { try uint64(field) != 0 }

    package mutating func float(_ field: WireField) throws(WireError) -> Float {
        try expect(field, .fixed32)
        return Float(bitPattern: try fixed32())
    }

    package mutating func double(_ field: WireField) throws(WireError) -> Double {
        try expect(field, .fixed64)
        return Double(bitPattern: try fixed64())
    }

    /// Where the bytes of a `bytes` field or a nested message lie in the buffer.
    package mutating func range(_ field: WireField) throws(WireError) -> Range<Int> {
        try expect(field, .lengthDelimited)
        return try delimited()
    }

    /// A `string` field, which must be UTF-8.
    package mutating func string(_ field: WireField) throws(WireError) -> String {
        let range = try range(field)
        let text = unsafe String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
        guard let text else { throw WireError(.invalidUTF8(field: field.number), offset: range.lowerBound) }
        return text
    }

    /// A `bytes` field as text; what is not UTF-8 shows as replacement characters.
    package mutating func lenientString(_ field: WireField) throws(WireError) -> String {
        let range = try range(field)
        return unsafe String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }

    /// Runs `body` on the bytes of a range that this reader gave.
    package func withBytes<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe body(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }

    /// A reader of the nested message that is the value of `field`.
    package mutating func nested(_ field: WireField) throws(WireError) -> WireReader {
        guard depth > 0 else { throw WireError(.nestingTooDeep(limit: depthLimit), offset: field.offset) }
        let range = try range(field)
        return unsafe WireReader(bytes: bytes, range: range, depth: depth - 1, depthLimit: depthLimit)
    }

    /// A reader of the elements of a packed field.
    mutating func packed(_ field: WireField) throws(WireError) -> WireReader {
        let range = try range(field)
        return unsafe WireReader(bytes: bytes, range: range, depth: depth, depthLimit: depthLimit)
    }
}
