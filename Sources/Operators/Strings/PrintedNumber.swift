#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Numbers as C's `printf` writes them.
struct PrintedNumber: Sendable {
    /// The format with its `%`, of one argument; made by the caller from parts that are known to be sound.
    let format: String

    func callAsFunction(_ value: some CVarArg) -> [UInt8] {
        let short = write(value, capacity: 64)
        return short.count <= 63 ? short.text : write(value, capacity: short.count + 1).text
    }

    /// - Returns: as much of the text as fits before the ending zero, and how long it would be in full.
    private func write(_ value: some CVarArg, capacity: Int) -> (text: [UInt8], count: Int) {
        var count = 0
        let text = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, written in
            let length = buffer.withMemoryRebound(to: CChar.self) { characters in
                withVaList([value]) { vsnprintf(characters.baseAddress, capacity, format, $0) }
            }
            count = max(0, Int(length))
            written = min(count, capacity - 1)
        }
        return (text, count)
    }

    /// As few digits as say a float exactly, as TensorFlow prints it.
    static func shortest(_ value: Float) -> [UInt8] {
        if let name = name(Double(value)) { return name }
        let short = PrintedNumber(format: "%.6g")(Double(value))
        return NumberText.float(short[...]) == value ? short : PrintedNumber(format: "%.9g")(Double(value))
    }

    static func shortest(_ value: Double) -> [UInt8] {
        if let name = name(value) { return name }
        let short = PrintedNumber(format: "%.15g")(value)
        return NumberText.double(short[...]) == value ? short : PrintedNumber(format: "%.17g")(value)
    }

    private static func name(_ value: Double) -> [UInt8]? {
        value.isFinite ? nil : Array((value.isNaN ? "nan" : value < 0 ? "-inf" : "inf").utf8)
    }
}
