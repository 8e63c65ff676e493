package import HTTPCore
package import ServableCore

/// Canonical codes to HTTP: the only place where one becomes the other.
package enum ErrorMapping {
    /// Whose table holds.
    package enum Dialect: Sendable {
        case tensorFlowServing
        case openInference
    }

    package static func status(of code: StatusCode, _ dialect: Dialect) -> HTTPStatus {
        // Section 7 of the Open Inference Protocol's contract: what is full now is so for a while, as a server that is not ready.
        if dialect == .openInference, code == .resourceExhausted { return .serviceUnavailable }
        return status(of: code)
    }

    /// TensorFlow Serving's table (section 3 of its REST contract).
    package static func status(of code: StatusCode) -> HTTPStatus {
        switch code {
        case .ok: .ok
        case .invalidArgument, .failedPrecondition, .outOfRange: .badRequest
        case .unauthenticated: .unauthorized
        case .permissionDenied: .forbidden
        case .notFound: .notFound
        case .alreadyExists, .aborted: .conflict
        case .resourceExhausted: .tooManyRequests
        case .cancelled: .clientClosedRequest
        case .unknown, .internal, .dataLoss: .internalServerError
        case .unimplemented: .notImplemented
        case .unavailable: .serviceUnavailable
        case .deadlineExceeded: .gatewayTimeout
        }
    }

    /// Seconds until another try makes sense; a full queue is empty again after a few batches.
    static func retryAfter(_ code: StatusCode) -> String? {
        switch code {
        case .unavailable, .resourceExhausted: "1"
        default: nil
        }
    }

    /// Appends the body of a response with this code: `{"error": message}`, nothing when all is well.
    package static func appendBody(_ error: ServableError, to buffer: inout ByteBuffer) {
        guard error.code != .ok else { return }
        buffer.append("{\"error\":")
        buffer.appendJSON(string: error.message)
        buffer.append("}\n")
    }
}
