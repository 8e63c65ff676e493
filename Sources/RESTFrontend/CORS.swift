import HTTPCore

/// Cross-origin requests, section 4 of TensorFlow Serving's REST contract.
enum CORS {
    static let headers = [
        HTTPHeader("Access-Control-Allow-Origin", "*"),
        HTTPHeader("Access-Control-Allow-Methods", "POST, GET"),
        HTTPHeader("Access-Control-Allow-Headers", "Content-Type"),
    ]

    /// Pages that speak the Open Inference Protocol send and read the field that says where the JSON ends, too.
    static let openInferenceHeaders = [
        HTTPHeader("Access-Control-Allow-Origin", "*"),
        HTTPHeader("Access-Control-Allow-Methods", "POST, GET"),
        HTTPHeader("Access-Control-Allow-Headers", "Content-Type, Inference-Header-Content-Length"),
        HTTPHeader("Access-Control-Expose-Headers", "Inference-Header-Content-Length"),
    ]

    static func headers(_ dialect: ErrorMapping.Dialect) -> [HTTPHeader] {
        switch dialect {
        case .tensorFlowServing: headers
        case .openInference: openInferenceHeaders
        }
    }

    /// Whether an Origin header names an origin, which a preflight must.
    static func isOrigin(_ value: String?) -> Bool {
        value.map { $0.contains("http://") || $0.contains("https://") } ?? false
    }
}
