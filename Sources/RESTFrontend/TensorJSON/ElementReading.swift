/// How one element type is read from JSON and what it is stored as.
protocol ElementReading {
    associatedtype Stored: BitwiseCopyable
    typealias Position = UnsafePointer<UInt8>

    /// Reads the value at `start`, a position of a `SentinelText` whose `readableEnd` is `end`.
    ///
    /// - Returns: nil when no value of this type begins there.
    static func read(
        _ start: Position, _ end: Position, _ table: UnsafePointer<UInt64>
    ) -> (value: Stored, next: Position)?
}

/// The element types; see section 5.5 of TensorFlow Serving's REST contract for what each accepts.
enum ElementReaders {
    enum Float32: ElementReading {
        @inline(__always)
        static func read(
            _ start: Position, _ end: Position, _ table: UnsafePointer<UInt64>
        ) -> (value: Float, next: Position)? {
            guard let (token, next) = unsafe DecimalToken.read(start, end) else {
                return unsafe readNonFinite(start, end).map { unsafe (Float($0.value), $0.next) }
            }
            let text = unsafe UnsafeBufferPointer(start: start, count: next - start)
            guard let value = unsafe token.float(text, table) else { return nil }
            return unsafe (value, next)
        }
    }

    enum Float64: ElementReading {
        @inline(__always)
        static func read(
            _ start: Position, _ end: Position, _ table: UnsafePointer<UInt64>
        ) -> (value: Double, next: Position)? {
            guard let (token, next) = unsafe DecimalToken.read(start, end) else { return unsafe readNonFinite(start, end) }
            let text = unsafe UnsafeBufferPointer(start: start, count: next - start)
            guard let value = unsafe token.double(text, table) else { return nil }
            return unsafe (value, next)
        }
    }

    enum Float16: ElementReading {
        static func read(
            _ start: Position, _ end: Position, _ table: UnsafePointer<UInt64>
        ) -> (value: UInt16, next: Position)? {
            unsafe readHalf(start, end, table, .binary16)
        }
    }

    enum BFloat16: ElementReading {
        static func read(
            _ start: Position, _ end: Position, _ table: UnsafePointer<UInt64>
        ) -> (value: UInt16, next: Position)? {
            unsafe readHalf(start, end, table, .bfloat16)
        }
    }

    /// An integer literal that fits `Stored`.
    enum Integer<Stored: FixedWidthInteger & BitwiseCopyable>: ElementReading {
        @inline(__always)
        static func read(
            _ start: Position, _ end: Position, _ table: UnsafePointer<UInt64>
        ) -> (value: Stored, next: Position)? {
            guard let (token, next) = unsafe DecimalToken.read(start, end) else { return nil }
            let text = unsafe UnsafeBufferPointer(start: start, count: next - start)
            guard let value = unsafe token.integer(text, Stored.self) else { return nil }
            return unsafe (value, next)
        }
    }

    /// An integer literal that fits int32, of which the low bits are stored: the contract checks no narrower range.
    enum NarrowInteger<Stored: FixedWidthInteger & BitwiseCopyable>: ElementReading {
        @inline(__always)
        static func read(
            _ start: Position, _ end: Position, _ table: UnsafePointer<UInt64>
        ) -> (value: Stored, next: Position)? {
            guard let (value, next) = unsafe Integer<Int32>.read(start, end, table) else { return nil }
            return unsafe (Stored(truncatingIfNeeded: value), next)
        }
    }

    enum Boolean: ElementReading {
        @inline(__always)
        static func read(
            _ start: Position, _ end: Position, _ table: UnsafePointer<UInt64>
        ) -> (value: Bool, next: Position)? {
            if let next = unsafe JSONBytes.after("true", start, end) { return unsafe (true, next) }
            return unsafe JSONBytes.after("false", start, end).map { unsafe (false, $0) }
        }
    }

    /// NaN, Infinity and Inf, each with or without a minus sign.
    @inline(never)
    private static func readNonFinite(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> (value: Double, next: UnsafePointer<UInt8>)? {
        let sign: Double = unsafe start.pointee == UInt8(ascii: "-") ? -1 : 1
        let word = unsafe sign < 0 ? start + 1 : start
        if let next = unsafe JSONBytes.after("NaN", word, end) { return unsafe (sign * .nan, next) }
        guard let next = unsafe JSONBytes.after("Infinity", word, end) ?? JSONBytes.after("Inf", word, end) else { return nil }
        return unsafe (sign * .infinity, next)
    }

    private static func readHalf(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ table: UnsafePointer<UInt64>, _ format: BinaryFormat
    ) -> (value: UInt16, next: UnsafePointer<UInt8>)? {
        guard let (token, next) = unsafe DecimalToken.read(start, end) else {
            guard let (value, next) = unsafe readNonFinite(start, end) else { return nil }
            let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
            let quiet: UInt64 = value.isNaN ? 1 << UInt64(format.fractionBits - 1) : 0
            return unsafe (sign | UInt16(truncatingIfNeeded: format.infinity | quiet), next)
        }
        let text = unsafe UnsafeBufferPointer(start: start, count: next - start)
        return unsafe token.bits16(text, table, format).map { unsafe ($0, next) }
    }
}
