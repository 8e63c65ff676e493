/// A set of bytes: one bit in a table of 256, so that membership is a load and a mask.
@safe struct ByteSet: Sendable {
    private let bit: UInt8

    /// tchar: letters, digits and !#$%&'*+-.^_`|~ (RFC 9110 §5.6.2).
    static let token = ByteSet(bit: 1)
    /// What path and query may hold: unreserved, sub-delims and :@/?% (RFC 3986 §3.3, §3.4).
    static let target = ByteSet(bit: 2)
    /// What a registered name may hold: unreserved, sub-delims and % (RFC 3986 §3.2.2).
    static let registeredName = ByteSet(bit: 4)
    /// field-vchar, SP and HTAB; obs-text, 0x80 and above, is opaque (RFC 9110 §5.5).
    static let fieldValue = ByteSet(bit: 8)

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool { unsafe Self.table[Int(byte)] & bit != 0 }

    /// The index of the first byte of `range` that is not in the set; the range's end when all are.
    @inline(__always)
    func endOfRun(in bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "the range lies outside the bytes")
        let table = unsafe Self.table
        return unsafe bytes.withUnsafeBufferPointer { bytes in
            var at = range.lowerBound
            // Four at a time, as nearly all bytes are members.
            while at &+ 4 <= range.upperBound {
                let first = unsafe table[Int(bytes[at])] & table[Int(bytes[at &+ 1])]
                let second = unsafe table[Int(bytes[at &+ 2])] & table[Int(bytes[at &+ 3])]
                guard first & second & bit != 0 else { break }
                at &+= 4
            }
            while at < range.upperBound, unsafe table[Int(bytes[at])] & bit != 0 { at &+= 1 }
            return at
        }
    }

    /// Lives as long as the process.
    nonisolated(unsafe) private static let table: UnsafePointer<UInt8> = {
        let alphanumeric = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        let unreservedAndSubDelims = alphanumeric + Array("-._~!$&'()*+,;=".utf8)
        let members: [(ByteSet, [UInt8])] = [
            (token, alphanumeric + Array("!#$%&'*+-.^_`|~".utf8)),
            (target, unreservedAndSubDelims + Array(":@/?%".utf8)),
            (registeredName, unreservedAndSubDelims + Array("%".utf8)),
            (fieldValue, [0x09] + Array(0x20...0x7E) + Array(0x80...0xFF)),
        ]
        let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
        unsafe table.initialize(repeating: 0, count: 256)
        for (set, bytes) in members {
            for byte in bytes { unsafe table[Int(byte)] |= set.bit }
        }
        return unsafe UnsafePointer(table)
    }()
}

@inline(__always)
func hexDigitValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

@inline(__always)
func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

extension Span<UInt8> {
    /// Compares byte for byte.
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount, text.hasPointerRepresentation else { return false }
        for index in 0..<count where unsafe self[index] != text.utf8Start[index] { return false }
        return true
    }

    /// Compares with `text`, which is in lower case, taking letters without their case.
    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount, text.hasPointerRepresentation else { return false }
        for index in 0..<count where unsafe lowercase(self[index]) != text.utf8Start[index] { return false }
        return true
    }
}

@inline(__always)
func lowercase(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}
