/// The methods of RFC 9110 §9.3 and RFC 5789.
///
/// TRACE and CONNECT are recognised so that they can be refused by name.
package enum HTTPMethod: String, Sendable, Hashable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
    case options = "OPTIONS"
    case patch = "PATCH"
    case trace = "TRACE"
    case connect = "CONNECT"

    /// Methods are case-sensitive (RFC 9110 §9.1).
    init?(_ bytes: Span<UInt8>) {
        // The length and the first letter leave one candidate, which is then compared whole.
        let candidate: (method: HTTPMethod, name: StaticString)
        switch (bytes.count, bytes.count > 0 ? bytes[0] : 0) {
        case (3, UInt8(ascii: "G")): candidate = (.get, "GET")
        case (3, UInt8(ascii: "P")): candidate = (.put, "PUT")
        case (4, UInt8(ascii: "P")): candidate = (.post, "POST")
        case (4, UInt8(ascii: "H")): candidate = (.head, "HEAD")
        case (5, UInt8(ascii: "P")): candidate = (.patch, "PATCH")
        case (5, UInt8(ascii: "T")): candidate = (.trace, "TRACE")
        case (6, UInt8(ascii: "D")): candidate = (.delete, "DELETE")
        case (7, UInt8(ascii: "O")): candidate = (.options, "OPTIONS")
        case (7, UInt8(ascii: "C")): candidate = (.connect, "CONNECT")
        default: return nil
        }
        guard bytes.equals(candidate.name) else { return nil }
        self = candidate.method
    }
}

/// The versions that are spoken: a request of any HTTP/1.x above 1.1 is served as 1.1 (RFC 9110 §2.5).
package enum HTTPVersion: Sendable, Hashable {
    case http10
    case http11
}
