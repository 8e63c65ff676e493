import Tensors

/// Elements of fixed size, read straight into the memory of the tensor to be; no index reaches `capacity`.
@safe struct NumberColumn: ~Copyable {
    private(set) var storage: TensorStorage
    private(set) var count = 0
    /// Why no memory was given for further elements; nil while there was some.
    private(set) var refusal: MemoryRefusal?
    private var capacity: Int
    private let elementByteCount: Int
    private let table = PowersOfFive.table

    init(elementByteCount: Int, capacity: Int) {
        self.elementByteCount = elementByteCount
        do {
            storage = try TensorStorage(byteCount: capacity * elementByteCount)
            self.capacity = capacity
        } catch {
            // The first element tries again, with less.
            storage = TensorStorage(borrowing: UnsafeRawPointer(PowersOfFive.table), byteCount: 0)
            self.capacity = 0
        }
    }

    mutating func truncate(to count: Int) { self.count = count }

    /// - Precondition: `Reader.Stored` has the size of the column's elements; `position` lies in a `SentinelText` whose
    ///   `readableEnd` is `end`.
    @inline(__always)
    mutating func read<Reader: ElementReading>(
        _: Reader.Type, _ amount: ReadAmount, _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>,
        limit: Int
    ) -> ReadResult {
        switch amount {
        case .value: readOne(Reader.self, &position, end, limit: limit)
        case .list: readLists(Reader.self, length: -1, &position, end, limit: limit)
        case .lists(let length): readLists(Reader.self, length: length, &position, end, limit: limit)
        }
    }

    private mutating func readOne<Reader: ElementReading>(
        _: Reader.Type, _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, limit: Int
    ) -> ReadResult {
        guard count < capacity || grow(limit: limit), let (value, next) = Reader.read(position, end, table) else {
            return ReadResult(end: .unreadable)
        }
        storage.baseAddress.assumingMemoryBound(to: Reader.Stored.self)[count] = value
        count += 1
        position = next
        return ReadResult(end: .closed, lastLength: 1)
    }

    private mutating func readLists<Reader: ElementReading>(
        _: Reader.Type, length: Int, _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, limit: Int
    ) -> ReadResult {
        // Locals, so that no store of an element forces a field to be read again.
        var cursor = position
        let table = table
        var index = count, listStart = count, extraLists = 0
        var outcome = RunEnd.unreadable
        reading: while index < capacity || growing(index, limit: limit) {
            let target = storage.baseAddress.assumingMemoryBound(to: Reader.Stored.self)
            let room = capacity
            while index < room {
                guard let (value, next) = Reader.read(cursor, end, table) else { break reading }
                target[index] = value
                index &+= 1
                cursor = next
                if cursor.pointee != UInt8(ascii: ",") {
                    JSONBytes.skipWhitespace(&cursor)
                    if cursor.pointee == UInt8(ascii: "]") {
                        guard index &- listStart == length, let list = Self.nextList(cursor) else {
                            outcome = .closed
                            break reading
                        }
                        extraLists &+= 1
                        listStart = index
                        cursor = list
                        continue
                    }
                    guard cursor.pointee == UInt8(ascii: ",") else {
                        outcome = .misplaced
                        break reading
                    }
                }
                cursor += 1
                JSONBytes.skipWhitespace(&cursor)
            }
        }
        position = cursor
        count = index
        return ReadResult(end: outcome, extraLists: extraLists, lastLength: index &- listStart)
    }

    /// The first value of the list that follows, after a comma, the bracket at `close`; nil when something else follows or the
    /// list begins with a bracket: then it is empty or deeper, which is not for the loop over values to judge.
    @inline(__always)
    private static func nextList(_ close: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        var cursor = close + 1
        JSONBytes.skipWhitespace(&cursor)
        guard cursor.pointee == UInt8(ascii: ",") else { return nil }
        cursor += 1
        JSONBytes.skipWhitespace(&cursor)
        guard cursor.pointee == UInt8(ascii: "[") else { return nil }
        cursor += 1
        JSONBytes.skipWhitespace(&cursor)
        return cursor.pointee == UInt8(ascii: "[") || cursor.pointee == UInt8(ascii: "]") ? nil : cursor
    }

    private mutating func growing(_ index: Int, limit: Int) -> Bool {
        count = index
        return grow(limit: limit)
    }

    /// Doubles the memory; false when the limit is reached or there is no more.
    @inline(never)
    private mutating func grow(limit: Int) -> Bool {
        guard count < limit else { return false }
        let wanted = min(max(capacity * 2, 16), limit)
        do {
            let larger = try TensorStorage(byteCount: wanted * elementByteCount)
            larger.baseAddress.copyMemory(from: storage.baseAddress, byteCount: count * elementByteCount)
            storage = larger
        } catch {
            refusal = error
            return false
        }
        capacity = wanted
        return true
    }
}
