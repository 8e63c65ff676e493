import Tensors

/// How one element type is written as JSON.
protocol ElementWriting {
    associatedtype Stored: BitwiseCopyable

    /// What `write` is given: powers that conversions multiply with.
    static var table: UnsafePointer<UInt64> { get }

    /// Bytes that one element may touch.
    static var maximumByteCount: Int { get }

    /// Writes `value` and returns the bytes of its text.
    static func write(_ value: Stored, to target: UnsafeMutablePointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Int
}

extension ElementWriting {
    static var table: UnsafePointer<UInt64> { unsafe PowersOfFive.table }
}

enum ElementWriters {
    enum Float32: ElementWriting {
        static var table: UnsafePointer<UInt64> { unsafe FloatScales.table }
        static var maximumByteCount: Int { FloatText.maximumFloatByteCount }
        @inline(__always)
        static func write(_ value: Float, to target: UnsafeMutablePointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Int {
            unsafe FloatText.write(value, to: target, table)
        }
    }

    enum Float64: ElementWriting {
        static var maximumByteCount: Int { FloatText.maximumDoubleByteCount }
        @inline(__always)
        static func write(_ value: Double, to target: UnsafeMutablePointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Int {
            unsafe FloatText.write(value, to: target, table)
        }
    }

    /// Exact as the float that it is.
    enum Float16: ElementWriting {
        static var table: UnsafePointer<UInt64> { unsafe FloatScales.table }
        static var maximumByteCount: Int { FloatText.maximumFloatByteCount }
        static func write(_ value: UInt16, to target: UnsafeMutablePointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Int {
            unsafe FloatText.write(HalfPrecision.float(fromBinary16: value), to: target, table)
        }
    }

    enum BFloat16: ElementWriting {
        static var table: UnsafePointer<UInt64> { unsafe FloatScales.table }
        static var maximumByteCount: Int { FloatText.maximumFloatByteCount }
        static func write(_ value: UInt16, to target: UnsafeMutablePointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Int {
            unsafe FloatText.write(HalfPrecision.float(fromBFloat16: value), to: target, table)
        }
    }

    enum Integer<Stored: FixedWidthInteger & BitwiseCopyable>: ElementWriting {
        static var maximumByteCount: Int { IntegerText.maximumByteCount }
        @inline(__always)
        static func write(_ value: Stored, to target: UnsafeMutablePointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Int {
            unsafe IntegerText.write(value, to: target)
        }
    }

    /// Any byte but zero is true.
    enum Boolean: ElementWriting {
        static var maximumByteCount: Int { 5 }
        @inline(__always)
        static func write(_ value: UInt8, to target: UnsafeMutablePointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Int {
            let text: StaticString = value != 0 ? "true" : "false"
            unsafe target.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
            return text.utf8CodeUnitCount
        }
    }
}
