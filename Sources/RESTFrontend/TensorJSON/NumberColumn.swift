import Tensors

/// Elements of fixed size, read straight into the memory of the tensor to be; no index reaches `capacity`.
@safe struct NumberColumn: ~Copyable {
    private(set) var storage: TensorStorage
    private(set) var count = 0
    /// Why no memory was given for further elements; nil while there was some.
    private(set) var refusal: MemoryRefusal?
    private var capacity: Int
    private let elementByteCount: Int
    private let table = unsafe PowersOfFive.table

    init(elementByteCount: Int, capacity: Int) {
        self.elementByteCount = elementByteCount
        do {
            storage = try TensorStorage(byteCount: capacity * elementByteCount)
            self.capacity = capacity
        } catch {
            // The first element tries again, with less.
            storage = unsafe TensorStorage(borrowing: UnsafeRawPointer(PowersOfFive.table), byteCount: 0)
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
        case .value: unsafe readOne(Reader.self, &position, end, limit: limit)
        case .list: unsafe readLists(Reader.self, length: -1, &position, end, limit: limit)
        case .lists(let length): unsafe readLists(Reader.self, length: length, &position, end, limit: limit)
        }
    }

    private mutating func readOne<Reader: ElementReading>(
        _: Reader.Type, _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, limit: Int
    ) -> ReadResult {
        guard count < capacity || grow(limit: limit), let (value, next) = unsafe Reader.read(position, end, table) else {
            return ReadResult(end: .unreadable)
        }
        unsafe storage.baseAddress.assumingMemoryBound(to: Reader.Stored.self)[count] = value
        count += 1
        unsafe position = next
        return ReadResult(end: .closed, lastLength: 1)
    }

    private mutating func readLists<Reader: ElementReading>(
        _: Reader.Type, length: Int, _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, limit: Int
    ) -> ReadResult {
        // Locals, so that no store of an element forces a field to be read again.
        var cursor = unsafe position
        let table = unsafe table
        var index = count, listStart = count, extraLists = 0
        var outcome = RunEnd.unreadable
        reading: while index < capacity || growing(index, limit: limit) {
            let target = unsafe storage.baseAddress.assumingMemoryBound(to: Reader.Stored.self)
            let room = capacity
            while index < room {
                guard let (value, next) = unsafe Reader.read(cursor, end, table) else { break reading }
                unsafe target[index] = value
                index &+= 1
                unsafe cursor = next
                if unsafe cursor.pointee != UInt8(ascii: ",") {
                    unsafe JSONBytes.skipWhitespace(&cursor)
                    if unsafe cursor.pointee == UInt8(ascii: "]") {
                        guard index &- listStart == length, let list = unsafe Self.nextList(cursor) else {
                            outcome = .closed
                            break reading
                        }
                        extraLists &+= 1
                        listStart = index
                        unsafe cursor = list
                        continue
                    }
                    guard unsafe cursor.pointee == UInt8(ascii: ",") else {
                        outcome = .misplaced
                        break reading
                    }
                }
                unsafe cursor += 1
                unsafe JSONBytes.skipWhitespace(&cursor)
            }
        }
        unsafe position = cursor
        count = index
        return ReadResult(end: outcome, extraLists: extraLists, lastLength: index &- listStart)
    }

    /// The first value of the list that follows, after a comma, the bracket at `close`; nil when something else follows or the
    /// list begins with a bracket: then it is empty or deeper, which is not for the loop over values to judge.
    @inline(__always)
    private static func nextList(_ close: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        var cursor = unsafe close + 1
        unsafe JSONBytes.skipWhitespace(&cursor)
        guard unsafe cursor.pointee == UInt8(ascii: ",") else { return nil }
        unsafe cursor += 1
        unsafe JSONBytes.skipWhitespace(&cursor)
        guard unsafe cursor.pointee == UInt8(ascii: "[") else { return nil }
        unsafe cursor += 1
        unsafe JSONBytes.skipWhitespace(&cursor)
        return unsafe cursor.pointee == UInt8(ascii: "[") || cursor.pointee == UInt8(ascii: "]") ? nil : cursor
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
            unsafe larger.baseAddress.copyMemory(from: storage.baseAddress, byteCount: count * elementByteCount)
            storage = larger
        } catch {
            refusal = error
            return false
        }
        capacity = wanted
        return true
    }
}
