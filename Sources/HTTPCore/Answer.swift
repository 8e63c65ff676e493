/// What a handler answers: the head's variable parts, and a closure that writes the body where it is sent from.
struct Answer: Sendable {
    let status: HTTPStatus
    var contentType: StaticString?
    var headers: [HTTPHeader] = []
    let writeBody: @Sendable (inout ByteBuffer) -> Void

    /// `{"error": "…"}`, the form of every error of this server.
    static func error(_ status: HTTPStatus, _ message: String, headers: [HTTPHeader] = []) -> Answer {
        Answer(status: status, contentType: "application/json", headers: headers) { body in
            body.append("{\"error\": ")
            appendJSONString(message, to: &body)
            body.append("}\n")
        }
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
