/// What `Content-Encoding` says of a request: the codings to remove from its content (RFC 9110 §8.4).
struct ContentCodings: Sendable, Equatable {
    /// More are refused: nobody needs them, and each one multiplies the work that a byte can cause.
    static let maxCount = 2

    /// The coding that was applied last, which is removed first.
    private(set) var outer: ContentCoding?
    /// The one below it.
    private(set) var inner: ContentCoding?
    /// Whether every coding is known, and there are not too many.
    private(set) var isSupported = true

    /// Whether the content is as the client means it.
    var isIdentity: Bool { outer == nil && isSupported }

    /// Takes note of one field; several make one list (RFC 9110 §5.3).
    mutating func note(_ value: Span<UInt8>) {
        var list = FieldList()
        while let element = list.next(in: value) {
            let name = value.extracting(element)
            if name.equalsIgnoringCase("identity") { continue }
            guard inner == nil, let coding = ContentCoding(name) else {
                isSupported = false
                continue
            }
            (outer, inner) = (coding, outer)
        }
    }
}
