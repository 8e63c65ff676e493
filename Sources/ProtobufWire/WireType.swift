/// How a field's value is laid out (protobuf encoding guide, "Message Structure").
package enum WireType: UInt8, Sendable, CustomStringConvertible {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case groupStart = 3
    case groupEnd = 4
    case fixed32 = 5

    package var description: String {
        switch self {
        case .varint: "varint"
        case .fixed64: "64-bit"
        case .lengthDelimited: "length-delimited"
        case .groupStart: "group start"
        case .groupEnd: "group end"
        case .fixed32: "32-bit"
        }
    }
}

/// The head of one field: what stands before its value.
package struct WireField: Sendable, Equatable {
    package let number: Int
    package let type: WireType
    /// Where the head begins, counted from the start of the buffer.
    package let offset: Int
}
