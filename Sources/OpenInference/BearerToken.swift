/// An access token as requests carry it: `Authorization: Bearer TOKEN` (RFC 6750 §2.1), over gRPC as metadata.
package struct BearerToken: Sendable {
    package let text: String

    /// - Parameter authorization: a field's value; nil is made of another scheme. Schemes are compared without case (RFC 9110 §11.1).
    package init?(_ authorization: String) {
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        text = String(parts[1])
    }
}
