import HTTPCore
import Tensors

/// Writes elements as nested lists.
enum DenseWriter {
    /// Appends the elements that begin at `firstElement` of a tensor, as lists of these extents.
    static func append(
        _ tensor: TensorView, firstElement: Int, _ extents: ArraySlice<Int>, to buffer: inout ByteBuffer
    ) {
        func numeric<Writer: ElementWriting>(_: Writer.Type, _ buffer: inout ByteBuffer) {
            let elements = tensor.baseAddress.assumingMemoryBound(to: Writer.Stored.self) + firstElement
            append(elements, extents, Writer.self, to: &buffer)
        }
        switch tensor.elementType {
        case .float32: numeric(ElementWriters.Float32.self, &buffer)
        case .float64: numeric(ElementWriters.Float64.self, &buffer)
        case .float16: numeric(ElementWriters.Float16.self, &buffer)
        case .bfloat16: numeric(ElementWriters.BFloat16.self, &buffer)
        case .int8: numeric(ElementWriters.Integer<Int8>.self, &buffer)
        case .int16: numeric(ElementWriters.Integer<Int16>.self, &buffer)
        case .int32: numeric(ElementWriters.Integer<Int32>.self, &buffer)
        case .int64: numeric(ElementWriters.Integer<Int64>.self, &buffer)
        case .uint8: numeric(ElementWriters.Integer<UInt8>.self, &buffer)
        case .uint16: numeric(ElementWriters.Integer<UInt16>.self, &buffer)
        case .uint32: numeric(ElementWriters.Integer<UInt32>.self, &buffer)
        case .uint64: numeric(ElementWriters.Integer<UInt64>.self, &buffer)
        case .bool: numeric(ElementWriters.Boolean.self, &buffer)
        case .string: preconditionFailure("strings are no dense tensor")
        }
    }

    private static func append<Writer: ElementWriting>(
        _ elements: UnsafePointer<Writer.Stored>, _ extents: ArraySlice<Int>, _: Writer.Type, to buffer: inout ByteBuffer
    ) {
        let table = Writer.table, byteCount = Writer.maximumByteCount &+ 1
        var window = TextWindow(&buffer, elementCount: extents.reduce(1, *), elementByteCount: byteCount)
        var element = elements
        NestedLists.forEachRun(extents) { run in
            var remaining = run.elementCount
            var count = min(remaining, TextWindow.chunk)
            window.reserve(run.separator &+ run.opened &+ count &* byteCount &+ run.closed, &buffer)
            window.put(UInt8(ascii: ","), run.separator)
            window.put(UInt8(ascii: "["), run.opened)
            while count > 0 {
                var cursor = window.cursor
                let end = element + count
                while element < end {
                    cursor += Writer.write(element.pointee, to: cursor, table)
                    cursor.pointee = UInt8(ascii: ",")
                    cursor += 1
                    element += 1
                }
                window.cursor = cursor
                remaining &-= count
                count = min(remaining, TextWindow.chunk)
                if count > 0 { window.reserve(count &* byteCount &+ run.closed, &buffer) }
            }
            // No comma follows the last element; its place is the first bracket's.
            if run.elementCount > 0 { window.cursor -= 1 }
            window.put(UInt8(ascii: "]"), run.closed)
        }
        window.commit(&buffer)
    }
}

/// The order in which brackets and elements of nested lists come.
enum NestedLists {
    /// Innermost lists, each with the brackets around it.
    struct Run {
        /// A comma between this run and the one before.
        var separator: Int
        var opened: Int
        var elementCount: Int
        var closed: Int
    }

    /// Calls `body` for every innermost list of lists with these extents; once with one element and no brackets for a scalar.
    @inline(__always)
    static func forEachRun(_ extents: ArraySlice<Int>, _ body: (Run) -> Void) {
        guard let last = extents.last else { return body(Run(separator: 0, opened: 0, elementCount: 1, closed: 0)) }
        guard extents.count > 1 else { return body(Run(separator: 0, opened: 1, elementCount: last, closed: 1)) }
        guard extents.allSatisfy({ $0 > 0 }) else { return forEachEmptyRun(extents, body) }
        extents.withUnsafeBufferPointer { extents in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: extents.count - 1) { counters in
                counters.initialize(repeating: 0)
                forEachRun(extents, counters, body)
            }
        }
    }

    /// - Parameter counters: for every axis but the last one, how many of its lists have ended.
    @inline(__always)
    private static func forEachRun(
        _ extents: UnsafeBufferPointer<Int>, _ counters: UnsafeMutableBufferPointer<Int>, _ body: (Run) -> Void
    ) {
        let depth = counters.count, last = extents[depth]
        var opened = depth + 1
        var separator = 0
        while true {
            var axis = depth
            // Lists that end with this run: those whose counter is at its last value, from the inside.
            while axis > 0, counters[axis - 1] == extents[axis - 1] - 1 {
                axis -= 1
                counters[axis] = 0
            }
            let closed = depth - axis + 1
            body(Run(separator: separator, opened: opened, elementCount: last, closed: closed))
            guard axis > 0 else { return }
            counters[axis - 1] += 1
            opened = closed
            separator = 1
        }
    }

    /// Without elements the lists end at the first axis of extent zero: [2, 0, 3] is `[[],[]]`.
    private static func forEachEmptyRun(_ extents: ArraySlice<Int>, _ body: (Run) -> Void) {
        let outer = extents.prefix { $0 > 0 }
        guard !outer.isEmpty else { return body(Run(separator: 0, opened: 1, elementCount: 0, closed: 1)) }
        let innermost = outer[outer.endIndex - 1]
        // One "[]" takes the place of one element.
        forEachRun(outer) { run in
            for index in 0..<innermost {
                let isFirst = index == 0, isLast = index == innermost - 1
                body(
                    Run(
                        separator: isFirst ? run.separator : 1, opened: 1 + (isFirst ? run.opened : 0), elementCount: 0,
                        closed: 1 + (isLast ? run.closed : 0)))
            }
        }
    }
}

/// A stretch of reserved buffer that is written through a pointer and committed now and then.
private struct TextWindow {
    /// Elements that are written between two looks at the room left.
    static let chunk = 512
    private static let maximumByteCount = 1 << 16

    var cursor: UnsafeMutablePointer<UInt8>
    private var start: UnsafeMutablePointer<UInt8>
    private var limit: UnsafeMutablePointer<UInt8>
    private let usualByteCount: Int

    /// The window grows to what the elements need, at most 64 KiB.
    init(_ buffer: inout ByteBuffer, elementCount: Int, elementByteCount: Int) {
        // The brackets of few lists find room, too.
        usualByteCount = min(elementCount, Self.maximumByteCount / elementByteCount) * elementByteCount + 16
        cursor = buffer.reserve(usualByteCount).assumingMemoryBound(to: UInt8.self)
        start = cursor
        limit = cursor + usualByteCount
    }

    @inline(__always)
    mutating func reserve(_ byteCount: Int, _ buffer: inout ByteBuffer) {
        if limit - cursor < byteCount { advance(byteCount, &buffer) }
    }

    /// Room for these bytes must have been reserved.
    @inline(__always)
    mutating func put(_ byte: UInt8, _ count: Int) {
        for _ in 0..<count {
            cursor.pointee = byte
            cursor += 1
        }
    }

    mutating func commit(_ buffer: inout ByteBuffer) {
        buffer.commit(cursor - start)
        start = cursor
    }

    @inline(never)
    private mutating func advance(_ byteCount: Int, _ buffer: inout ByteBuffer) {
        commit(&buffer)
        let room = max(byteCount, usualByteCount)
        cursor = buffer.reserve(room).assumingMemoryBound(to: UInt8.self)
        start = cursor
        limit = cursor + room
    }
}
