import GRPCCore

/// What a call is called in its response, as over REST: the client's own name for it, and its trace.
enum CallIdentity {
    private static let idKey = "x-request-id"
    private static let traceKey = "traceparent"
    /// Longer values are not taken.
    private static let maxByteCount = 128

    /// The metadata of a response to a call that has these.
    static func echo(_ metadata: Metadata) -> Metadata {
        var echo = Metadata()
        for key in [idKey, traceKey] {
            guard let value = metadata[stringValues: key].first(where: { _ in true }), (1...maxByteCount).contains(value.utf8.count),
                value.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else { continue }
            echo.addString(value, forKey: key)
        }
        return echo
    }
}
