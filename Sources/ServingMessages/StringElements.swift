import ProtobufWire

/// The elements of a `TensorProto` of strings.
package enum StringElements {
    /// Bytes that a short string takes beside its own: the array's reference and header.
    package static let overhead = 48

    /// - Parameters:
    ///   - count: of the shape's elements, which the caller has held against a limit.
    ///   - bytes: that the message was read from.
    package static func read(
        _ message: TensorFlow.Tensor, count: Int, in bytes: UnsafeRawBufferPointer
    ) throws(TensorMessageError) -> [[UInt8]] {
        if let content = message.content, !content.isEmpty { return try unsafe packed(content, count, bytes) }
        var elements = message.strings.prefix(count).map { unsafe Array(bytes[$0]) }
        let last = elements.last ?? []
        elements += repeatElement(last, count: count - elements.count)
        return elements
    }

    /// Lengths of all elements, then their bytes, which end with the content.
    private static func packed(
        _ content: Range<Int>, _ count: Int, _ bytes: UnsafeRawBufferPointer
    ) throws(TensorMessageError) -> [[UInt8]] {
        var reader = unsafe WireReader(bytes, range: content), lengths: [Int] = []
        do throws(WireError) {
            for _ in 0..<count { lengths.append(Int(clamping: try reader.varint())) }
        } catch {
            throw TensorMessageError(.malformed, "has a number that is cut off or too long among the lengths of its strings")
        }
        var elements: [[UInt8]] = [], position = reader.position
        for length in lengths {
            let left = content.upperBound - position
            guard length <= left else { throw TensorMessageError(.malformed, "has a string of \(length) bytes, \(left) are left") }
            unsafe elements.append(Array(bytes[position..<position + length]))
            position += length
        }
        guard position == content.upperBound else {
            throw TensorMessageError(.malformed, "has \(content.upperBound - position) bytes after its strings")
        }
        return elements
    }
}
