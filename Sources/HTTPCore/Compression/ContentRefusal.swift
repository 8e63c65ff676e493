/// Why a request's content is not given to the handler. Its framing is sound, so the connection stays.
enum ContentRefusal: Error, Equatable {
    /// `Content-Encoding` names a coding that is not known here, or too many.
    case unsupported
    case undecodable(ContentCoding, InflateFault)

    /// RFC 9110 §15.5.16: 415 for a coding; with `Accept-Encoding` the response lists which are taken (§12.5.3).
    var status: HTTPStatus {
        switch self {
        case .unsupported: .unsupportedMediaType
        case .undecodable(_, .tooLarge): .contentTooLarge
        case .undecodable(_, .truncated), .undecodable(_, .corrupt): .badRequest
        case .undecodable(_, .outOfMemory): .serviceUnavailable
        }
    }

    var headers: [HTTPHeader] {
        switch self {
        case .unsupported: [HTTPHeader("Accept-Encoding", ContentCoding.offer)]
        case .undecodable(_, .outOfMemory): [HTTPHeader("Retry-After", "1")]
        case .undecodable: []
        }
    }

    /// - Parameter contentEncoding: the field's value.
    func message(contentEncoding: String) -> String {
        switch self {
        case .unsupported:
            "Content-Encoding is \"\(contentEncoding)\"; this server reads \(ContentCoding.offer), at most "
                + "\(ContentCodings.maxCount) of them on top of each other; send the body in one of these or as it is"
        case .undecodable(let coding, .truncated(let offset)):
            "the \(coding.name) data of the request body stops at byte \(offset), before its end; send all of it"
        case .undecodable(let coding, .corrupt(let offset, let reason)):
            "the \(coding.name) data of the request body is corrupt at byte \(offset): \(reason)"
        case .undecodable(let coding, .tooLarge(let limit)):
            "the \(coding.name) data of the request body inflates to more than \(limit) bytes; send a smaller body or raise "
                + "the limit max_body_bytes"
        case .undecodable(let coding, .outOfMemory):
            "there is no memory at present to inflate \(coding.name); try again"
        }
    }
}
