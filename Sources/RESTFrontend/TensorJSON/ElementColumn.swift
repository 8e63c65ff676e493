import Tensors

/// Where a run of values ended.
enum RunEnd {
    /// At the closing bracket.
    case closed
    /// At a value that is not of the column's type, or that is one element too many.
    case unreadable
    /// At a byte that cannot follow a value.
    case misplaced
}

/// Where the elements of one tensor go while they are read.
protocol ElementColumn {
    /// Elements so far.
    var count: Int { get }

    /// Reads values separated by commas, and the whitespace around, until something else stands at `position`.
    mutating func readRun(
        _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, limit: Int
    ) -> RunEnd

    /// Reads one value; false, with `position` unchanged, when it is none of this type or `count` has reached `limit`.
    mutating func readOne(
        _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, limit: Int
    ) -> Bool

    /// Forgets the elements after the first `count`.
    mutating func truncate(to count: Int)

    /// - Precondition: `shape` has as many elements as were read.
    func value(shape: Shape) -> TensorValue
}

/// Elements of fixed size, straight in the memory of the tensor to be.
struct NumericColumn<Reader: ElementReading>: ElementColumn {
    private let type: ElementType
    private var storage: TensorStorage
    private var elements: UnsafeMutablePointer<Reader.Stored>
    private var capacity: Int
    private(set) var count = 0
    private let table = PowersOfFive.table

    init(_ type: ElementType, _: Reader.Type, capacity: Int) {
        self.type = type
        self.capacity = max(capacity, 1)
        storage = TensorStorage(byteCount: self.capacity * MemoryLayout<Reader.Stored>.stride)
        elements = storage.baseAddress.assumingMemoryBound(to: Reader.Stored.self)
    }

    mutating func readRun(
        _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, limit: Int
    ) -> RunEnd {
        // Locals, so that no store of an element forces a field to be read again.
        var cursor = position, target = elements, room = capacity, index = count
        let table = table
        defer {
            position = cursor
            count = index
        }
        while true {
            if index == room {
                count = index
                guard grow(limit: limit) else { return .unreadable }
                target = elements
                room = capacity
            }
            guard let value = Reader.read(&cursor, end, table) else { return .unreadable }
            target[index] = value
            index &+= 1
            if cursor.pointee != UInt8(ascii: ",") {
                skipWhitespace(&cursor)
                if cursor.pointee == UInt8(ascii: "]") { return .closed }
                guard cursor.pointee == UInt8(ascii: ",") else { return .misplaced }
            }
            cursor += 1
            skipWhitespace(&cursor)
        }
    }

    mutating func readOne(
        _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, limit: Int
    ) -> Bool {
        if count == capacity {
            guard grow(limit: limit) else { return false }
        }
        guard let value = Reader.read(&position, end, table) else { return false }
        elements[count] = value
        count += 1
        return true
    }

    mutating func truncate(to count: Int) { self.count = count }

    func value(shape: Shape) -> TensorValue {
        guard let tensor = Tensor(TensorSpec(type, shape), storage: storage) else {
            preconditionFailure("\(count) elements were read for \(shape)")
        }
        return .dense(tensor)
    }

    /// Doubles the memory; false when the limit is reached.
    @inline(never)
    private mutating func grow(limit: Int) -> Bool {
        guard count < limit else { return false }
        let larger = TensorStorage(byteCount: capacity * 2 * MemoryLayout<Reader.Stored>.stride)
        larger.baseAddress.copyMemory(from: storage.baseAddress, byteCount: count * MemoryLayout<Reader.Stored>.stride)
        storage = larger
        elements = larger.baseAddress.assumingMemoryBound(to: Reader.Stored.self)
        capacity *= 2
        return true
    }

    @inline(__always)
    private func skipWhitespace(_ cursor: inout UnsafePointer<UInt8>) {
        while JSONBytes.isWhitespace(cursor.pointee) { cursor += 1 }
    }
}

/// Byte strings: JSON strings as their UTF-8 bytes, and base64 objects.
struct StringColumn: ElementColumn {
    private var elements: [[UInt8]] = []
    private let maximumDepth: Int

    init(maximumDepth: Int) { self.maximumDepth = maximumDepth }

    var count: Int { elements.count }

    mutating func readRun(
        _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, limit: Int
    ) -> RunEnd {
        while readOne(&position, end, limit: limit) {
            while JSONBytes.isWhitespace(position.pointee) { position += 1 }
            if position.pointee == UInt8(ascii: "]") { return .closed }
            guard position.pointee == UInt8(ascii: ",") else { return .misplaced }
            position += 1
            while JSONBytes.isWhitespace(position.pointee) { position += 1 }
        }
        return .unreadable
    }

    mutating func readOne(
        _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, limit: Int
    ) -> Bool {
        guard count < limit else { return false }
        let value = JSONValue(position, end, maximumDepth: maximumDepth)
        switch position.pointee {
        case UInt8(ascii: "\""):
            guard let next = value.end, next < end else { return false }
            elements.append(JSONString(at: position, end: end).bytes)
            position = next
        case UInt8(ascii: "{"):
            guard let encoded = value.base64, encoded.end < end, let decoded = Base64.decode(encoded.text.bytes) else { return false }
            elements.append(decoded)
            position = encoded.end
        default:
            return false
        }
        return true
    }

    mutating func truncate(to count: Int) { elements.removeLast(elements.count - count) }

    func value(shape: Shape) -> TensorValue { .strings(StringTensor(shape: shape, elements: elements)) }
}

/// Elements of a type that has no JSON form here: no value can be read, an empty tensor can.
struct UnsupportedColumn: ElementColumn {
    let type: ElementType

    var count: Int { 0 }

    mutating func readRun(
        _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, limit: Int
    ) -> RunEnd { .unreadable }

    mutating func readOne(
        _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, limit: Int
    ) -> Bool { false }

    mutating func truncate(to count: Int) {}

    func value(shape: Shape) -> TensorValue { .dense(Tensor(TensorSpec(type, shape)) { _ in }) }
}
