import Tensors

/// How numbers that JSON has no form for, NaN and the infinities, are written.
package enum NonfiniteForm: String, Sendable, CaseIterable {
    /// `NaN`, `Infinity`, `-Infinity`: not JSON (RFC 8259 §6), but what TensorFlow Serving writes and Python reads.
    case bare
    /// `null`
    case null
    /// `"NaN"`, `"Infinity"`, `"-Infinity"`
    case string
}

/// An element type with values that JSON has no form for.
protocol NonfiniteWriting: ElementWriting {
    static func isFinite(_ value: Stored) -> Bool
}

extension ElementWriters.Float32: NonfiniteWriting {
    static func isFinite(_ value: Float) -> Bool { value.isFinite }
}

extension ElementWriters.Float64: NonfiniteWriting {
    static func isFinite(_ value: Double) -> Bool { value.isFinite }
}

extension ElementWriters.Float16: NonfiniteWriting {
    static func isFinite(_ value: UInt16) -> Bool { HalfPrecision.float(fromBinary16: value).isFinite }
}

extension ElementWriters.BFloat16: NonfiniteWriting {
    static func isFinite(_ value: UInt16) -> Bool { HalfPrecision.float(fromBFloat16: value).isFinite }
}

extension ElementWriters.Narrow: NonfiniteWriting {
    static func isFinite(_ value: UInt8) -> Bool { Element.type.value(of: value).isFinite }
}

extension ElementWriters {
    /// Writes `null` for what is not finite.
    enum NullForNonfinite<Base: NonfiniteWriting>: ElementWriting {
        static var table: UnsafePointer<UInt64> { unsafe Base.table }
        static var maximumByteCount: Int { Base.maximumByteCount }

        static func write(_ value: Base.Stored, to target: UnsafeMutablePointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Int {
            guard !Base.isFinite(value) else { return unsafe Base.write(value, to: target, table) }
            let text: StaticString = "null"
            unsafe target.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
            return text.utf8CodeUnitCount
        }
    }

    /// Writes what is not finite between quotation marks.
    enum StringForNonfinite<Base: NonfiniteWriting>: ElementWriting {
        static var table: UnsafePointer<UInt64> { unsafe Base.table }
        static var maximumByteCount: Int { Base.maximumByteCount + 2 }

        static func write(_ value: Base.Stored, to target: UnsafeMutablePointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Int {
            guard !Base.isFinite(value) else { return unsafe Base.write(value, to: target, table) }
            let count = unsafe Base.write(value, to: target + 1, table)
            unsafe target.pointee = UInt8(ascii: "\"")
            unsafe target[count + 1] = UInt8(ascii: "\"")
            return count + 2
        }
    }
}
