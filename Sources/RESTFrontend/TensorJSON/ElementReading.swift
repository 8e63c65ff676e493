/// How one element type is read from JSON and what it is stored as.
protocol ElementReading {
    associatedtype Stored: BitwiseCopyable

    /// Reads the value at `position` and moves behind it.
    ///
    /// The byte at `end − 1` must exist and be a closing brace, so that it stops every scan.
    ///
    /// - Returns: nil, with `position` unchanged, when no value of this type begins there.
    static func read(
        _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ table: UnsafePointer<UInt64>
    ) -> Stored?
}

/// The element types; see section 5.5 of TensorFlow Serving's REST contract for what each accepts.
enum ElementReaders {
    enum Float32: ElementReading {
        @inline(__always)
        static func read(
            _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ table: UnsafePointer<UInt64>
        ) -> Float? {
            let start = position
            guard let token = DecimalToken.read(&position, end) else {
                return readNonFinite(&position, end).map { Float($0) }
            }
            let text = UnsafeBufferPointer(start: start, count: position - start)
            let value = token.float(text, table)
            if value.isInfinite, token.double(text, table).isInfinite {
                position = start
                return nil
            }
            return value
        }
    }

    enum Float64: ElementReading {
        @inline(__always)
        static func read(
            _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ table: UnsafePointer<UInt64>
        ) -> Double? {
            let start = position
            guard let token = DecimalToken.read(&position, end) else { return readNonFinite(&position, end) }
            let value = token.double(UnsafeBufferPointer(start: start, count: position - start), table)
            if value.isInfinite {
                position = start
                return nil
            }
            return value
        }
    }

    enum Float16: ElementReading {
        static func read(
            _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ table: UnsafePointer<UInt64>
        ) -> UInt16? {
            readHalf(&position, end, table, .binary16)
        }
    }

    enum BFloat16: ElementReading {
        static func read(
            _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ table: UnsafePointer<UInt64>
        ) -> UInt16? {
            readHalf(&position, end, table, .bfloat16)
        }
    }

    /// An integer literal that fits `Stored`.
    enum Integer<Stored: FixedWidthInteger & BitwiseCopyable>: ElementReading {
        @inline(__always)
        static func read(
            _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ table: UnsafePointer<UInt64>
        ) -> Stored? {
            let start = position
            guard let token = DecimalToken.read(&position, end) else { return nil }
            let text = UnsafeBufferPointer(start: start, count: position - start)
            guard let value = token.integer(text, Stored.self) else {
                position = start
                return nil
            }
            return value
        }
    }

    /// An integer literal that fits int32, of which the low bits are stored: the contract checks no narrower range.
    enum NarrowInteger<Stored: FixedWidthInteger & BitwiseCopyable>: ElementReading {
        @inline(__always)
        static func read(
            _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ table: UnsafePointer<UInt64>
        ) -> Stored? {
            Integer<Int32>.read(&position, end, table).map { Stored(truncatingIfNeeded: $0) }
        }
    }

    enum Boolean: ElementReading {
        @inline(__always)
        static func read(
            _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ table: UnsafePointer<UInt64>
        ) -> Bool? {
            if JSONBytes.skip("true", &position, end) { return true }
            return JSONBytes.skip("false", &position, end) ? false : nil
        }
    }

    @inline(never)
    private static func readNonFinite(
        _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> Double? {
        var cursor = position
        let isNegative = JSONBytes.skip("-", &cursor, end)
        let value: Double
        if JSONBytes.skip("NaN", &cursor, end) {
            value = .nan
        } else if JSONBytes.skip("Infinity", &cursor, end) || JSONBytes.skip("Inf", &cursor, end) {
            value = .infinity
        } else {
            return nil
        }
        position = cursor
        return isNegative ? -value : value
    }

    private static func readHalf(
        _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ table: UnsafePointer<UInt64>,
        _ format: BinaryFormat
    ) -> UInt16? {
        let start = position
        guard let token = DecimalToken.read(&position, end) else {
            guard let value = readNonFinite(&position, end) else { return nil }
            let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
            let quiet: UInt64 = value.isNaN ? 1 << UInt64(format.fractionBits - 1) : 0
            return sign | UInt16(truncatingIfNeeded: format.infinity | quiet)
        }
        let text = UnsafeBufferPointer(start: start, count: position - start)
        guard !token.double(text, table).isInfinite else {
            position = start
            return nil
        }
        return token.bits16(text, table, format)
    }
}
