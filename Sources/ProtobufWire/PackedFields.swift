/// Repeated scalars, packed into one length-delimited value or one field each: readers must take both
/// (protobuf encoding guide, "Packed Repeated Fields"). The elements are appended to `list`.
extension WireReader {
    package mutating func append(_ field: WireField, to list: inout [Int64]) throws(WireError) {
        try appendVarints(field, to: &list) { Int64(bitPattern: $0) }
    }

    package mutating func append(_ field: WireField, to list: inout [UInt64]) throws(WireError) {
        try appendVarints(field, to: &list) { $0 }
    }

    package mutating func append(_ field: WireField, to list: inout [Int32]) throws(WireError) {
        try appendVarints(field, to: &list) { Int32(truncatingIfNeeded: $0) }
    }

    package mutating func append(_ field: WireField, to list: inout [Float]) throws(WireError) {
        guard field.type == .lengthDelimited else {
            list.append(try float(field))
            return
        }
        var elements = try packed(field, width: 4)
        if list.isEmpty { list.reserveCapacity((elements.end - elements.position) / 4) }
        while elements.position < elements.end {
            list.append(Float(bitPattern: try elements.fixed32()))
        }
    }

    package mutating func append(_ field: WireField, to list: inout [Double]) throws(WireError) {
        guard field.type == .lengthDelimited else {
            list.append(try double(field))
            return
        }
        var elements = try packed(field, width: 8)
        if list.isEmpty { list.reserveCapacity((elements.end - elements.position) / 8) }
        while elements.position < elements.end {
            list.append(Double(bitPattern: try elements.fixed64()))
        }
    }

    private mutating func appendVarints<Element>(
        _ field: WireField, to list: inout [Element], _ convert: (UInt64) -> Element
    ) throws(WireError) {
        guard field.type == .lengthDelimited else {
            list.append(convert(try uint64(field)))
            return
        }
        var elements = try packed(field)
        while elements.position < elements.end {
            list.append(convert(try elements.varint()))
        }
    }

    /// A reader of packed elements of `width` bytes each.
    private mutating func packed(_ field: WireField, width: Int) throws(WireError) -> WireReader {
        let elements = try packed(field)
        let byteCount = elements.end - elements.position
        guard byteCount.isMultiple(of: width) else {
            throw WireError(
                .unevenPackedLength(byteCount: byteCount, elementByteCount: width), offset: elements.position)
        }
        return elements
    }
}
