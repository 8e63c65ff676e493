/// Why bytes are not the protobuf message they should be, and where.
package struct WireError: Error, Sendable, Equatable {
    package enum Reason: Sendable, Equatable {
        /// A value needs more bytes than its message has left.
        case truncated(needed: Int, available: Int)
        /// A variable-length integer goes on after ten bytes or does not fit 64 bits.
        case varintTooLong
        /// A field head with number 0, a number over 2^29 - 1 or wire type 6 or 7.
        case invalidTag(UInt64)
        case unexpectedType(field: Int, found: WireType, expected: WireType)
        case unmatchedGroupEnd(field: Int)
        case unterminatedGroup(field: Int)
        case nestingTooDeep(limit: Int)
        case invalidUTF8(field: Int)
        /// A packed field of fixed-width elements whose length is no multiple of the width.
        case unevenPackedLength(byteCount: Int, elementByteCount: Int)
    }

    package let reason: Reason
    /// Byte position, counted from the start of the whole buffer.
    package let offset: Int
    /// The messages around the fault, outermost first: `["graph", "node[3]"]`.
    package private(set) var path: [String] = []

    package init(_ reason: Reason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// The same fault as seen from the message that holds `name`.
    package func nested(in name: String) -> WireError {
        var error = self
        error.path.insert(name, at: 0)
        return error
    }
}

extension WireError: CustomStringConvertible {
    package var description: String {
        let place = path.isEmpty ? "" : " in " + path.joined(separator: ".")
        return "byte \(offset)\(place): \(reason)"
    }
}

extension WireError.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated(let needed, let available):
            "a value of \(needed) bytes is cut off, \(available) bytes are left"
        case .varintTooLong: "a variable-length integer does not fit 64 bits"
        case .invalidTag(let tag): "\(tag) is no field head"
        case .unexpectedType(let field, let found, let expected):
            "field \(field) is \(found), expected \(expected)"
        case .unmatchedGroupEnd(let field): "group \(field) ends without having begun"
        case .unterminatedGroup(let field): "group \(field) does not end"
        case .nestingTooDeep(let limit): "messages are nested more than \(limit) deep"
        case .invalidUTF8(let field): "field \(field) is not UTF-8 text"
        case .unevenPackedLength(let byteCount, let elementByteCount):
            "\(byteCount) bytes are not a whole number of elements of \(elementByteCount) bytes"
        }
    }
}
