import HTTPCore
import Tensors

/// Writes elements as nested lists.
enum DenseWriter {
    /// Appends a tensor, or one row of it: the elements with this index on the first axis, which is left out.
    static func append(_ view: TensorView, row: Int?, _ nonfinite: NonfiniteForm = .bare, to buffer: inout ByteBuffer) {
        unsafe NestedLists.withRun(of: view.spec.shape, row: row) { extents, start in
            let elements = unsafe UnsafeMutableRawPointer(mutating: view.baseAddress)
            if nonfinite != .bare, view.spec.elementType.isFloatingPoint {
                return unsafe append(elements, view.spec.elementType, start, extents, nonfinite, to: &buffer)
            }
            unsafe append(elements, view.spec.elementType, start, extents, to: &buffer)
        }
    }

    /// Appends floats, those that are not finite in their form.
    private static func append(
        _ elements: UnsafeMutableRawPointer, _ type: ElementType, _ start: Int, _ extents: UnsafeBufferPointer<Int>,
        _ nonfinite: NonfiniteForm, to buffer: inout ByteBuffer
    ) {
        func floats<Writer: NonfiniteWriting>(_: Writer.Type, _ buffer: inout ByteBuffer) {
            let first = unsafe elements.assumingMemoryBound(to: Writer.Stored.self) + start
            switch nonfinite {
            case .bare: unsafe append(first, extents, Writer.self, to: &buffer)
            case .null: unsafe append(first, extents, ElementWriters.NullForNonfinite<Writer>.self, to: &buffer)
            case .string: unsafe append(first, extents, ElementWriters.StringForNonfinite<Writer>.self, to: &buffer)
            }
        }
        switch type {
        case .float32: floats(ElementWriters.Float32.self, &buffer)
        case .float64: floats(ElementWriters.Float64.self, &buffer)
        case .float16: floats(ElementWriters.Float16.self, &buffer)
        case .bfloat16: floats(ElementWriters.BFloat16.self, &buffer)
        case .float8e4m3fn: floats(ElementWriters.Narrow<NarrowElements.Float8E4M3FN>.self, &buffer)
        case .float8e4m3fnuz: floats(ElementWriters.Narrow<NarrowElements.Float8E4M3FNUZ>.self, &buffer)
        case .float8e5m2: floats(ElementWriters.Narrow<NarrowElements.Float8E5M2>.self, &buffer)
        case .float8e5m2fnuz: floats(ElementWriters.Narrow<NarrowElements.Float8E5M2FNUZ>.self, &buffer)
        case .float8e8m0: floats(ElementWriters.Narrow<NarrowElements.Float8E8M0>.self, &buffer)
        // What has finite values alone is written as ever.
        default: unsafe append(elements, type, start, extents, to: &buffer)
        }
    }

    private static func append(
        _ elements: UnsafeMutableRawPointer, _ type: ElementType, _ start: Int, _ extents: UnsafeBufferPointer<Int>,
        to buffer: inout ByteBuffer
    ) {
        func numeric<Writer: ElementWriting>(_: Writer.Type, _ buffer: inout ByteBuffer) {
            unsafe append(elements.assumingMemoryBound(to: Writer.Stored.self) + start, extents, Writer.self, to: &buffer)
        }
        switch type {
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
        case .float8e4m3fn: numeric(ElementWriters.Narrow<NarrowElements.Float8E4M3FN>.self, &buffer)
        case .float8e4m3fnuz: numeric(ElementWriters.Narrow<NarrowElements.Float8E4M3FNUZ>.self, &buffer)
        case .float8e5m2: numeric(ElementWriters.Narrow<NarrowElements.Float8E5M2>.self, &buffer)
        case .float8e5m2fnuz: numeric(ElementWriters.Narrow<NarrowElements.Float8E5M2FNUZ>.self, &buffer)
        case .float8e8m0: numeric(ElementWriters.Narrow<NarrowElements.Float8E8M0>.self, &buffer)
        case .float4e2m1: numeric(ElementWriters.Narrow<NarrowElements.Float4E2M1>.self, &buffer)
        case .int4: numeric(ElementWriters.Narrow<NarrowElements.Int4>.self, &buffer)
        case .uint4: numeric(ElementWriters.Narrow<NarrowElements.UInt4>.self, &buffer)
        case .int2: numeric(ElementWriters.Narrow<NarrowElements.Int2>.self, &buffer)
        case .uint2: numeric(ElementWriters.Narrow<NarrowElements.UInt2>.self, &buffer)
        case .complex64, .complex128, .string: preconditionFailure("\(type) is not written as numbers")
        }
    }

    private static func append<Writer: ElementWriting>(
        _ elements: UnsafePointer<Writer.Stored>, _ extents: UnsafeBufferPointer<Int>, _: Writer.Type, to buffer: inout ByteBuffer
    ) {
        let table = unsafe Writer.table, byteCount = Writer.maximumByteCount &+ 1
        var window = unsafe TextWindow(&buffer, elementCount: extents.reduce(1, *), elementByteCount: byteCount)
        var element = unsafe elements
        unsafe NestedLists.forEachRun(extents) { run in
            var remaining = run.elementCount
            var count = min(remaining, TextWindow.chunk)
            window.reserve(run.separator &+ run.opened &+ count &* byteCount &+ run.closed, &buffer)
            window.put(UInt8(ascii: ","), run.separator)
            window.put(UInt8(ascii: "["), run.opened)
            while count > 0 {
                var cursor = unsafe window.cursor
                let end = unsafe element + count
                while unsafe element < end {
                    unsafe cursor += Writer.write(element.pointee, to: cursor, table)
                    unsafe cursor.pointee = UInt8(ascii: ",")
                    unsafe cursor += 1
                    unsafe element += 1
                }
                unsafe window.cursor = cursor
                remaining &-= count
                count = min(remaining, TextWindow.chunk)
                if count > 0 { window.reserve(count &* byteCount &+ run.closed, &buffer) }
            }
            // No comma follows the last element; its place is the first bracket's.
            if run.elementCount > 0 { unsafe window.cursor -= 1 }
            window.put(UInt8(ascii: "]"), run.closed)
        }
        window.commit(&buffer)
    }
}

/// A stretch of reserved buffer that is written through a pointer and committed now and then.
@safe private struct TextWindow {
    /// Elements that are written between two checks of the room left.
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
        unsafe cursor = buffer.reserve(usualByteCount).assumingMemoryBound(to: UInt8.self)
        unsafe start = cursor
        unsafe limit = cursor + usualByteCount
    }

    @inline(__always)
    mutating func reserve(_ byteCount: Int, _ buffer: inout ByteBuffer) {
        if unsafe limit - cursor < byteCount { advance(byteCount, &buffer) }
    }

    /// Room for these bytes must have been reserved.
    @inline(__always)
    mutating func put(_ byte: UInt8, _ count: Int) {
        for _ in 0..<count {
            unsafe cursor.pointee = byte
            unsafe cursor += 1
        }
    }

    mutating func commit(_ buffer: inout ByteBuffer) {
        unsafe buffer.commit(cursor - start)
        unsafe start = cursor
    }

    @inline(never)
    private mutating func advance(_ byteCount: Int, _ buffer: inout ByteBuffer) {
        commit(&buffer)
        let room = max(byteCount, usualByteCount)
        unsafe cursor = buffer.reserve(room).assumingMemoryBound(to: UInt8.self)
        unsafe start = cursor
        unsafe limit = cursor + room
    }
}
