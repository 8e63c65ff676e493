/// A field of a response beyond those that the server writes itself (Server, Date, Content-Type, Content-Length, Connection).
package struct HTTPHeader: Sendable, Hashable {
    package let name: StaticString
    package let value: String

    /// Bytes that would break the framing (controls) are replaced by spaces, so that a value may come from outside.
    package init(_ name: StaticString, _ value: String) {
        self.name = name
        let isClean = value.utf8.allSatisfy { ByteSet.fieldValue.contains($0) }
        self.value = isClean ? value : String(decoding: value.utf8.map { ByteSet.fieldValue.contains($0) ? $0 : 0x20 }, as: UTF8.self)
    }

    /// Whether it says how the content is coded.
    var isContentEncoding: Bool { name.description.lowercased() == "content-encoding" }

    package static func == (left: Self, right: Self) -> Bool {
        left.name.description == right.name.description && left.value == right.value
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name.description)
        hasher.combine(value)
    }
}

extension HTTPHeader {
    func append(to output: inout ByteBuffer) {
        let colon: StaticString = ": "
        let lineEnd: StaticString = "\r\n"
        output.append(name)
        output.append(colon)
        output.append(value)
        output.append(lineEnd)
    }
}

extension ByteBuffer {
    /// Appends a header field whose value is a number.
    package mutating func appendField(_ name: StaticString, decimal value: Int) {
        let colon: StaticString = ": "
        let lineEnd: StaticString = "\r\n"
        append(name)
        append(colon)
        append(decimal: value)
        append(lineEnd)
    }

    package mutating func appendField(_ header: HTTPHeader) { header.append(to: &self) }
}
