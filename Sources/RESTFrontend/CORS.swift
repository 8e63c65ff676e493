import HTTPCore

/// Cross-origin requests, section 4 of TensorFlow Serving's REST contract.
enum CORS {
    static let headers = [
        HTTPHeader("Access-Control-Allow-Origin", "*"),
        HTTPHeader("Access-Control-Allow-Methods", "POST, GET"),
        HTTPHeader("Access-Control-Allow-Headers", "Content-Type"),
    ]

    /// Whether an Origin header names an origin, which a preflight must.
    static func isOrigin(_ value: String?) -> Bool {
        value.map { $0.contains("http://") || $0.contains("https://") } ?? false
    }
}
