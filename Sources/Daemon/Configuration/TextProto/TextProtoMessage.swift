/// A message in protobuf's text format: fields in their order, not yet judged by a schema.
struct TextProtoMessage: Sendable, Equatable {
    struct Field: Sendable, Equatable {
        let name: String
        let value: Value
        let line: Int
    }

    indirect enum Value: Sendable, Equatable {
        /// A number or a name, such as `12`, `-3`, `true`, `TENSORFLOW`.
        case bare(String)
        /// A quoted text, escapes resolved.
        case text(String)
        case message(TextProtoMessage)
    }

    var fields: [Field] = []
}

/// A fault in a text-format file.
package struct TextProtoError: Error, Sendable, Equatable, CustomStringConvertible {
    package let line: Int
    package let message: String

    package init(line: Int, message: String) {
        self.line = line
        self.message = message
    }

    package var description: String { "line \(line): \(message)" }
}
