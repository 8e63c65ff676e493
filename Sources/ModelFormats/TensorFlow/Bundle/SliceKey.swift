import ServingMessages

/// The part of a tensor that one entry of a bundle holds.
struct TensorSlice: Hashable {
    struct Extent: Hashable {
        var start: Int
        /// nil: the whole dimension.
        var length: Int?
    }

    var extents: [Extent]

    /// Positions along each axis of a tensor with these extents; nil when they lie outside.
    func ranges(in shape: [Int]) -> [Range<Int>]? {
        guard extents.count == shape.count else { return nil }
        var ranges: [Range<Int>] = []
        for (extent, whole) in zip(extents, shape) {
            guard let length = extent.length else {
                ranges.append(0..<whole)
                continue
            }
            guard extent.start >= 0, length >= 0, extent.start <= whole, length <= whole - extent.start else { return nil }
            ranges.append(extent.start..<extent.start + length)
        }
        return ranges
    }
}

extension TensorSlice {
    init(_ proto: TensorFlow.Slice) {
        extents = proto.extents.map { extent in
            Extent(start: Int(extent.start), length: extent.length.map { Int($0) })
        }
    }

    /// `RestoreV2`'s text: the tensor's extents, then start and length for each axis: `6 2 0,2:-`. Empty: the whole tensor.
    ///
    /// - Returns: nil for the whole tensor.
    /// - Throws: nothing is known to be wrong with the text but that it is not of this form.
    static func parse(_ text: String) throws(SortedTable.Damage) -> TensorSlice? {
        guard !text.isEmpty else { return nil }
        guard let last = text.split(separator: " ").last else { throw SortedTable.Damage(reason: "has an empty slice") }
        var extents: [Extent] = []
        for part in last.split(separator: ":", omittingEmptySubsequences: false) {
            let numbers = part.split(separator: ",").map { Int($0) }
            if part == "-" {
                extents.append(Extent(start: 0, length: nil))
            } else if numbers.count == 2, let start = numbers[0], let length = numbers[1] {
                extents.append(Extent(start: start, length: length))
            } else {
                throw SortedTable.Damage(reason: "has the slice \"\(text)\", expected extents and start,length for each axis")
            }
        }
        return TensorSlice(extents: extents)
    }
}

/// The key under which a bundle keeps a slice of a tensor.
///
/// Source: TensorFlow `core/util/saved_tensor_slice_util.cc` (EncodeTensorNameSlice) and `core/lib/strings/ordered_code.cc`: the
/// number 0, the name, the rank, then start and length for each axis, such that keys sort as what they stand for.
enum SliceKey {
    static func encode(_ name: [UInt8], _ slice: TensorSlice) -> [UInt8] {
        var key = unsigned(0)
        for byte in name {
            switch byte {
            case 0x00: key += [0x00, 0xFF]
            case 0xFF: key += [0xFF, 0x00]
            default: key.append(byte)
            }
        }
        key += [0x00, 0x01]
        key += unsigned(UInt64(slice.extents.count))
        for extent in slice.extents {
            key += signed(Int64(extent.length == nil ? 0 : extent.start))
            key += signed(Int64(extent.length ?? -1))
        }
        return key
    }

    /// How many bytes follow, then those bytes, highest first.
    private static func unsigned(_ value: UInt64) -> [UInt8] {
        let count = (64 - value.leadingZeroBitCount + 7) / 8
        return [UInt8(count)] + bytes(value, count)
    }

    /// The length in leading ones, as in UTF-8, over the two's complement; negative numbers are inverted by it.
    private static func signed(_ value: Int64) -> [UInt8] {
        let magnitude = UInt64(bitPattern: value < 0 ? ~value : value)
        let count = max(1, (64 - magnitude.leadingZeroBitCount + 7) / 7)
        let fill: UInt8 = value < 0 ? 0xFF : 0
        let wide = [fill, fill] + bytes(UInt64(bitPattern: value), 8)
        var result = Array(wide.suffix(count))
        let header: UInt16 = ~(UInt16.max >> UInt16(count))
        result[0] ^= UInt8(header >> 8)
        if count > 1 { result[1] ^= UInt8(header & 0xFF) }
        return result
    }

    private static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - $0))) }
    }
}
