/// One answer, as it came over the wire.
struct HTTPResponse: Sendable {
    let status: Int
    /// Field names in lower case.
    let fields: [String: String]
    let bytes: [UInt8]

    /// The content as text.
    var body: String { String(decoding: bytes, as: UTF8.self) }

    var json: JSON {
        get throws { try JSON(body) }
    }

    /// The text of `{"error": "…"}`.
    var error: String? {
        get throws { try json["error"].text }
    }

    /// Whether the server says that it closes the connection after this answer.
    var closes: Bool { fields["connection"]?.lowercased() == "close" }
}

/// The beginning of an answer, up to the empty line.
struct HTTPResponseHead {
    let status: Int
    let fields: [String: String]
    let bodyByteCount: Int

    /// - Parameter bytes: status line and fields, without the empty line.
    init(_ bytes: some Collection<UInt8>) throws(HTTPClient.Failure) {
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines[0].split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else { throw .malformed(text) }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw .malformed(text) }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            guard fields.updateValue(String(value), forKey: line[..<colon].lowercased()) == nil else { throw .malformed(text) }
        }
        guard let length = fields["content-length"].flatMap({ Int($0) }), length >= 0 else { throw .malformed(text) }
        (self.status, self.fields, bodyByteCount) = (status, fields, length)
    }
}
