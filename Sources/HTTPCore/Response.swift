/// A response that a handler has given: the head's variable parts, and the content.
struct Response: Sendable {
    enum Content: Sendable {
        /// Appends the content to the connection's output, on the loop.
        case written(@Sendable (inout ByteBuffer) -> Void)
        /// Content, and further header fields, that lie ready.
        case built(BuiltContent)
    }

    let status: HTTPStatus
    var contentType: StaticString?
    var headers: [HTTPHeader] = []
    let content: Content
    /// Nil when nobody wants to know how long it takes to send.
    var watch: WriteWatch?
    /// What the request was for; nil when nobody has said so.
    var subject: AccessSubject?

    /// `{"error": "…"}`, the form of every error of this server.
    static func error(_ status: HTTPStatus, _ message: String, headers: [HTTPHeader] = []) -> Response {
        let content = Content.written { body in
            body.append("{\"error\": ")
            appendJSONString(message, to: &body)
            body.append("}\n")
        }
        return Response(status: status, contentType: "application/json", headers: headers, content: content)
    }
}

/// Appends `text` as a JSON string (RFC 8259 §7).
func appendJSONString(_ text: String, to body: inout ByteBuffer) {
    let hexDigits = Array("0123456789abcdef".utf8)
    body.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "\""): body.append("\\\"")
        case UInt8(ascii: "\\"): body.append("\\\\")
        case UInt8(ascii: "\n"): body.append("\\n")
        case 0..<0x20:
            body.append("\\u00")
            body.append(hexDigits[Int(byte >> 4)])
            body.append(hexDigits[Int(byte & 15)])
        default: body.append(byte)
        }
    }
    body.append(UInt8(ascii: "\""))
}
