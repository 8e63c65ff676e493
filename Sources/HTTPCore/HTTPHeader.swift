/// A field of a response beyond those that the server writes itself (Server, Date, Content-Type, Content-Length, Connection).
package struct HTTPHeader: Sendable, Hashable {
    package let name: StaticString
    package let value: String

    /// Bytes that would break the framing (controls) are replaced by spaces, so that a value may come from outside.
    package init(_ name: StaticString, _ value: String) {
        self.name = name
        let isClean = value.utf8.allSatisfy { isFieldValueByte($0) }
        self.value = isClean ? value : String(decoding: value.utf8.map { isFieldValueByte($0) ? $0 : 0x20 }, as: UTF8.self)
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
