/// A content coding that this server removes from requests (RFC 9110 §8.4.1).
package enum ContentCoding: Sendable, Equatable, CaseIterable {
    /// RFC 1952, one member or several.
    case gzip
    /// RFC 1950; raw RFC 1951 as well, which many clients send under this name.
    case deflate

    /// The value of `Accept-Encoding` that says what requests may use.
    static let offer = "gzip, deflate"

    var name: StaticString {
        switch self {
        case .gzip: "gzip"
        case .deflate: "deflate"
        }
    }

    /// Names are compared without case; "x-gzip" is an old name of gzip (RFC 9110 §8.4.1.3).
    init?(_ name: Span<UInt8>) {
        if name.equalsIgnoringCase("gzip") || name.equalsIgnoringCase("x-gzip") {
            self = .gzip
        } else if name.equalsIgnoringCase("deflate") {
            self = .deflate
        } else {
            return nil
        }
    }
}
