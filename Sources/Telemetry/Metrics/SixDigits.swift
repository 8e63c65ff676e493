import Glibc

extension Double {
    /// The number with six significant digits, trailing zeros left out, as `%g` of printf(3) and C++ streams write it.
    var sixSignificantDigits: String {
        withVaList([self]) { arguments in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
                let count = vsnprintf(buffer.baseAddress, buffer.count, "%g", arguments)
                let bytes = UnsafeRawBufferPointer(buffer).prefix(Swift.max(0, Swift.min(Int(count), buffer.count - 1)))
                return String(decoding: bytes, as: UTF8.self)
            }
        }
    }
}
