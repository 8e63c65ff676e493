/// What a request is called in its response and in logs, so that clients and operators can speak of the same one.
///
/// Requests that bring a name of their own keep it; the others get a number that no other request of this process has.
struct RequestIdentity: Sendable {
    /// Longer names are not taken.
    static let maxByteCount = 128

    /// Nil when requests get no names.
    private let number: UInt64?
    /// Nil for a request that brings neither a name nor a trace, as most are: responses then carry no memory along.
    private let given: Given?

    /// What the client calls the request.
    private final class Given: Sendable {
        /// Empty when the number counts.
        let name: [UInt8]
        /// Its `traceparent`; empty when there was none that is well formed.
        let trace: [UInt8]

        init(name: [UInt8], trace: [UInt8]) {
            self.name = name
            self.trace = trace
        }
    }

    /// - Parameter request: as far as it has come; nil when nothing has. Its memory, as a head that is passed by itself would be copied.
    init(_ request: RequestMemory?, _ numbering: inout RequestNumbering?) {
        guard numbering != nil else {
            (number, given) = (nil, nil)
            return
        }
        given = request.flatMap(Self.given(by:))
        number = given?.name.isEmpty ?? true ? numbering?.next() : 0
    }

    private static func given(by request: RequestMemory) -> Given? {
        guard request.head.requestID != nil || request.head.traceParent != nil else { return nil }
        let bytes = unsafe request.buffer.bytes.assumingMemoryBound(to: UInt8.self)
        return unsafe Given(
            name: copy(request.head.requestID, of: bytes.span, where: isName),
            trace: copy(request.head.traceParent, of: bytes.span, where: isTraceParent))
    }

    private static func copy(_ range: ByteRange?, of bytes: Span<UInt8>, where isValid: (Span<UInt8>) -> Bool) -> [UInt8] {
        guard let range, Int(range.upper) <= bytes.count else { return [] }
        let value = bytes.extracting(Int(range.lower)..<Int(range.upper))
        guard isValid(value) else { return [] }
        return value.indices.map { value[$0] }
    }

    /// Visible ASCII, so that it can stand in a log and in a header as it is.
    private static func isName(_ text: Span<UInt8>) -> Bool {
        (1...maxByteCount).contains(text.count) && text.indices.allSatisfy { (0x21...0x7E).contains(text[$0]) }
    }

    /// `00-` and 32, 16 and 2 lower-case hexadecimal digits (W3C Trace Context §3.2.2); longer ones are of later versions.
    private static func isTraceParent(_ text: Span<UInt8>) -> Bool {
        guard text.count >= 55, text.count <= maxByteCount, !text.extracting(0..<2).equals("ff") else { return false }
        guard text.count == 55 || text[55] == UInt8(ascii: "-"), text.count == 55 || !text.extracting(0..<2).equals("00") else {
            return false
        }
        let isWellFormed = (0..<55).allSatisfy { index in
            switch index {
            case 2, 35, 52: text[index] == UInt8(ascii: "-")
            default: isHexDigit(text[index])
            }
        }
        // Identifiers of zeros alone are invalid.
        return isWellFormed && (3..<35).contains { text[$0] != UInt8(ascii: "0") }
            && (36..<52).contains { text[$0] != UInt8(ascii: "0") }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    // MARK: Writing

    private static let idField: StaticString = "X-Request-Id: "
    private static let traceField: StaticString = "traceparent: "
    private static let lineEnd: StaticString = "\r\n"

    /// Appends the header fields of the response.
    func appendFields(to output: inout ByteBuffer) {
        guard number != nil else { return }
        output.append(Self.idField)
        appendName(to: &output)
        output.append(Self.lineEnd)
        guard let given, !given.trace.isEmpty else { return }
        output.append(Self.traceField)
        unsafe given.trace.withUnsafeBytes { unsafe output.append($0) }
        output.append(Self.lineEnd)
    }

    /// Whether there is a name to log.
    var hasName: Bool { number != nil }

    func appendName(to output: inout ByteBuffer) {
        if let given, !given.name.isEmpty { return unsafe given.name.withUnsafeBytes { unsafe output.append($0) } }
        output.append(hexadecimal: number ?? 0)
    }
}

extension RequestIdentity: CustomStringConvertible {
    /// The name; `-` for a request that has none.
    package var description: String {
        guard hasName else { return "-" }
        var name = ByteBuffer()
        appendName(to: &name)
        return unsafe String(decoding: name.bytes, as: UTF8.self)
    }
}

/// Numbers for requests, each different from all others of the process for all practical purposes.
package struct RequestNumbering: Sendable {
    private var state: UInt64

    /// Loops that begin at random numbers do not meet.
    package init(start: UInt64 = .random(in: .min ... .max)) { state = start }

    /// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014), which repeats no number.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension ByteBuffer {
    /// Appends sixteen digits.
    mutating func append(hexadecimal number: UInt64) {
        let digits: StaticString = "0123456789abcdef"
        let place = unsafe reserve(16)
        for index in 0..<16 {
            let digit = Int(truncatingIfNeeded: number &>> UInt64(60 - 4 * index)) & 15
            unsafe place.storeBytes(of: digits.utf8Start[digit], toByteOffset: index, as: UInt8.self)
        }
        commit(16)
    }
}
