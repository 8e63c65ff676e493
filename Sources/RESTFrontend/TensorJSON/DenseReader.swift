import ServableCore
import Tensors

/// Reads nested lists of one element type into a column, finding the shape on the way.
///
/// The shape is that of the first element on every level; every other one must agree with it. Nesting is counted, not recursed
/// into.
struct DenseReader: ~Copyable {
    private(set) var column: ElementColumn
    private let type: ElementType
    /// Whether values of the type have a JSON form here; else only empty tensors can be read.
    private let isSupported: Bool
    private let dialect: TensorJSONDialect
    private let limits: TensorJSONLimits
    /// Levels of lists; negative while the first element has not been reached.
    private(set) var rank = -1
    private let levels: ListLevels

    /// - Parameters:
    ///   - capacity: elements for which memory is taken at first.
    ///   - levels: made for these limits.
    init(_ type: ElementType, _ dialect: TensorJSONDialect, capacity: Int, _ limits: TensorJSONLimits, levels: ListLevels) {
        isSupported = dialect.supports(type)
        column = ElementColumn(type, dialect, capacity: isSupported ? capacity : 0, limits: limits)
        self.type = type
        self.dialect = dialect
        self.limits = limits
        self.levels = levels
    }

    /// The extents found, none for a scalar, perhaps behind one more.
    func extents(behind first: Int?) -> [Int] {
        let offset = first == nil ? 0 : 1
        func extent(_ axis: Int) -> Int { unsafe axis < offset ? first ?? 0 : levels.extents[axis &- offset] }
        // Literals take their memory without a lookup of metadata.
        switch offset + max(rank, 0) {
        case 0: return []
        case 1: return [extent(0)]
        case 2: return [extent(0), extent(1)]
        case 3: return [extent(0), extent(1), extent(2)]
        case 4: return [extent(0), extent(1), extent(2), extent(3)]
        case let count: return (0..<count).map(extent)
        }
    }

    /// The elements read, as a tensor of `shape`.
    consuming func value(shape: Shape) -> TensorValue { column.value(shape: shape) }

    mutating func forgetShape() { rank = -1 }

    /// Reads one value, of the shape of those read before if there were any.
    mutating func read(_ position: inout UnsafePointer<UInt8>, _ text: SentinelText) throws(DecodeFault) {
        var cursor = unsafe position
        var level = 0
        while true {
            if unsafe cursor.pointee == UInt8(ascii: "[") {
                try open(&level)
                unsafe skip(1, &cursor)
                guard unsafe cursor.pointee == UInt8(ascii: "]") else { continue }
                if rank < 0 { rank = level }
            } else {
                if rank < 0 { rank = level }
                guard level == rank else { throw unsafe wrongLevel(cursor, text, level) }
                guard level > 0 else { return try unsafe readScalar(&position, text) }
                let result = try unsafe readLists(&cursor, text, level)
                unsafe levels.counts[level &- 1] = result.lastLength
                // Lists of the length that was expected need no look each; their parent counts them.
                if result.extraLists > 0 { unsafe levels.counts[level &- 2] &+= result.extraLists }
            }
            // At the bracket that closes the innermost list, and perhaps others after it.
            repeat {
                unsafe cursor += 1
                level &-= 1
                try close(level)
                guard level > 0 else {
                    unsafe position = cursor
                    return
                }
                unsafe levels.counts[level &- 1] &+= 1
                unsafe skip(0, &cursor)
            } while unsafe cursor.pointee == UInt8(ascii: "]")
            guard unsafe cursor.pointee == UInt8(ascii: ",") else { throw .syntax }
            unsafe skip(1, &cursor)
        }
    }

    private mutating func readScalar(_ position: inout UnsafePointer<UInt8>, _ text: SentinelText) throws(DecodeFault) {
        guard isSupported, unsafe column.read(.value, &position, text, limit: limits.maximumElementCount).end == .closed else {
            throw unsafe fault(.unreadable, position, text, 0)
        }
    }

    /// Reads the innermost list that is open, and those after it when they have the same parent and length.
    @inline(__always)
    private mutating func readLists(
        _ cursor: inout UnsafePointer<UInt8>, _ text: SentinelText, _ level: Int
    ) throws(DecodeFault) -> ReadResult {
        guard isSupported else { throw unsafe fault(.unreadable, cursor, text, level) }
        let length = unsafe levels.extents[level &- 1]
        let amount: ReadAmount = level > 1 && length > 0 ? .lists(length: length) : .list
        let result = unsafe column.read(amount, &cursor, text, limit: limits.maximumElementCount)
        guard result.end == .closed else { throw unsafe fault(result.end, cursor, text, level) }
        return result
    }

    /// Reads values separated by commas, each a tensor of its own; only for scalars.
    mutating func readScalars(_ position: inout UnsafePointer<UInt8>, _ text: SentinelText) -> RunEnd {
        unsafe column.read(.list, &position, text, limit: limits.maximumElementCount).end
    }

    mutating func truncate(to count: Int) { column.truncate(to: count) }

    @inline(__always)
    private func open(_ level: inout Int) throws(DecodeFault) {
        guard rank < 0 || level < rank else {
            throw .invalid("Encountered list at unexpected level: \(level) expected < \(rank)")
        }
        guard level < limits.maximumRank else {
            throw .invalid("a tensor has more than \(limits.maximumRank) axes; flatten it, or raise the limit")
        }
        // On the way to the first element every list is the first of its level.
        if rank < 0 { unsafe levels.extents[level] = -1 }
        unsafe levels.counts[level] = 0
        level &+= 1
    }

    @inline(__always)
    private func close(_ level: Int) throws(DecodeFault) {
        guard unsafe levels.extents[level] != levels.counts[level] else { return }
        guard unsafe levels.extents[level] < 0 else {
            throw .invalid(
                unsafe "Encountered list at unexpected size: \(levels.counts[level]) at level: \(level) expected size: \(levels.extents[level])"
            )
        }
        unsafe levels.extents[level] = levels.counts[level]
    }

    @inline(__always)
    private func skip(_ count: Int, _ cursor: inout UnsafePointer<UInt8>) {
        unsafe cursor += count
        unsafe JSONBytes.skipWhitespace(&cursor)
    }

    private func wrongLevel(_ cursor: UnsafePointer<UInt8>, _ text: SentinelText, _ level: Int) -> DecodeFault {
        let value = unsafe JSONValue(cursor, text.end, maximumDepth: limits.maximumDepth)
        guard unsafe value.end != nil else { return .syntax }
        return .invalid(
            "JSON Value: \(value.quotation) found at incorrect level: \(level + 1) in the JSON DOM. Expected at level: \(rank)")
    }

    /// What is wrong with the value at `cursor`.
    private func fault(_ outcome: RunEnd, _ cursor: UnsafePointer<UInt8>, _ text: SentinelText, _ level: Int) -> DecodeFault {
        guard outcome == .unreadable else { return .syntax }
        if let refusal = column.refusal {
            return .refused(ServableError(.resourceExhausted, "a tensor of \(column.count) elements and more \(refusal)"))
        }
        guard column.count < limits.maximumElementCount else {
            return .invalid("a tensor has more than \(limits.maximumElementCount) elements, the most that this server accepts")
        }
        let value = unsafe JSONValue(cursor, text.end, maximumDepth: limits.maximumDepth)
        guard unsafe value.end != nil else { return .syntax }
        if unsafe cursor.pointee == UInt8(ascii: "[") {
            return .invalid("Encountered list at unexpected level: \(level) expected < \(rank)")
        }
        guard isSupported else {
            let message = "Conversion of JSON Value: \(value.quotation) to type: \(dialect.name(of: type))"
            return .refused(ServableError(.unimplemented, message))
        }
        if type == .string, dialect.takesBase64, unsafe cursor.pointee == UInt8(ascii: "{") {
            return unsafe value.base64 != nil
                ? .invalid("Unable to base64 decode")
                : .invalid("JSON Value: \(value.quotation) not formatted correctly for base64 data")
        }
        let facts = "Type: \(value.kindName) is not of expected type: \(dialect.name(of: type))"
        return .invalid("JSON Value: \(value.quotation) \(facts)")
    }
}
