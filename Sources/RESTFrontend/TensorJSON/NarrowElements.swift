import Tensors

/// The element types of 8 bits and fewer as types of the language, for which loops over JSON are compiled.
protocol NarrowElement {
    static var type: NarrowType { get }
}

enum NarrowElements {
    enum Float8E4M3FN: NarrowElement { static var type: NarrowType { .float(.e4m3fn) } }
    enum Float8E4M3FNUZ: NarrowElement { static var type: NarrowType { .float(.e4m3fnuz) } }
    enum Float8E5M2: NarrowElement { static var type: NarrowType { .float(.e5m2) } }
    enum Float8E5M2FNUZ: NarrowElement { static var type: NarrowType { .float(.e5m2fnuz) } }
    enum Float8E8M0: NarrowElement { static var type: NarrowType { .exponent } }
    enum Float4E2M1: NarrowElement { static var type: NarrowType { .float(.e2m1) } }
    enum Int4: NarrowElement { static var type: NarrowType { .integer(bitWidth: 4, isSigned: true) } }
    enum UInt4: NarrowElement { static var type: NarrowType { .integer(bitWidth: 4, isSigned: false) } }
    enum Int2: NarrowElement { static var type: NarrowType { .integer(bitWidth: 2, isSigned: true) } }
    enum UInt2: NarrowElement { static var type: NarrowType { .integer(bitWidth: 2, isSigned: false) } }
}

extension ElementReaders {
    /// An integer literal in the range of the type; or a number, which is rounded and limited as by ONNX's Cast. NaN is none where
    /// the type has no NaN, and so are numbers below 0 where it has no sign.
    enum Narrow<Element: NarrowElement>: ElementReading {
        @inline(never)
        static func read(
            _ start: Position, _ end: Position, _ table: UnsafePointer<UInt64>
        ) -> (value: UInt8, next: Position)? {
            let type = Element.type
            if let range = type.range {
                guard let (value, next) = unsafe Integer<Int32>.read(start, end, table), range.contains(Int(value)) else { return nil }
                return unsafe (type.code(of: Int64(value)), next)
            }
            guard let (value, next) = unsafe Float64.read(start, end, table) else { return nil }
            // As it was written: the shortest text of a float32 is not the float32 itself.
            let single = Float(value), code = type.code(of: single.isFinite ? Double(single) : value)
            return unsafe type.value(of: code).isNaN == value.isNaN ? (code, next) : nil
        }
    }
}

extension ElementWriters {
    /// Exact as the float, or the integer, that it is.
    enum Narrow<Element: NarrowElement>: ElementWriting {
        static var table: UnsafePointer<UInt64> { unsafe FloatScales.table }
        static var maximumByteCount: Int { max(FloatText.maximumFloatByteCount, IntegerText.maximumByteCount) }

        @inline(never)
        static func write(_ value: UInt8, to target: UnsafeMutablePointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Int {
            let type = Element.type, number = type.value(of: value)
            return type.range == nil
                ? unsafe FloatText.write(number, to: target, table) : unsafe IntegerText.write(Int8(number), to: target)
        }
    }
}
