/// A field of a response beyond those that the server writes itself (Server, Date, Content-Type, Content-Length, Connection).
package struct HTTPHeader: Sendable, Hashable {
    package let name: String
    package let value: String

    /// Bytes that would break the framing (controls) are replaced by spaces, so that a value may come from outside.
    package init(_ name: StaticString, _ value: String) {
        self.name = name.description
        let isClean = value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        self.value = isClean ? value : String(String.UnicodeScalarView(value.unicodeScalars.map { $0.value >= 0x20 && $0.value != 0x7F ? $0 : " " }))
    }
}
