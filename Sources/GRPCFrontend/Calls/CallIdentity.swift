import GRPCCore

/// What a call is called in its response, as over REST: the client's own name for it, and its trace.
enum CallIdentity {
    /// Longer values are not taken.
    private static let maxByteCount = 128

    /// The metadata of a response to a call that has these.
    static func echo(_ metadata: Metadata) -> Metadata {
        var echo = Metadata()
        for key in keys {
            guard let value = metadata[stringValues: key].first(where: { _ in true }), isTaken(value) else { continue }
            echo.addString(value, forKey: key)
        }
        return echo
    }

    static let keys = ["x-request-id", "traceparent"]

    /// Visible ASCII, so that it can stand in a header as it is.
    static func isTaken(_ value: String) -> Bool {
        (1...maxByteCount).contains(value.utf8.count) && value.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
