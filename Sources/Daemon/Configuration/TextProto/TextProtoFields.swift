/// Reads the fields of a message by a schema: typed, each known, single fields once.
struct TextProtoFields {
    private let message: TextProtoMessage
    private let typeName: String

    /// - Parameter known: every field of the message type.
    init(_ message: TextProtoMessage, type typeName: String, known: Set<String>) throws(TextProtoError) {
        self.message = message
        self.typeName = typeName
        for field in message.fields where !known.contains(field.name) {
            let hint = KnownKeys.hint(for: field.name, among: known.sorted())
            throw TextProtoError(line: field.line, message: "\(typeName) has no field \"\(field.name)\"\(hint)")
        }
    }

    func fields(_ name: String) -> [TextProtoMessage.Field] { message.fields.filter { $0.name == name } }

    func text(_ name: String) throws(TextProtoError) -> String? {
        guard let field = try single(name) else { return nil }
        guard case .text(let text) = field.value else { throw wrong(field, "a quoted text") }
        return text
    }

    func integer(_ name: String) throws(TextProtoError) -> Int64? {
        guard let field = try single(name) else { return nil }
        return try Self.integer(field, in: typeName)
    }

    func boolean(_ name: String) throws(TextProtoError) -> Bool? {
        guard let field = try single(name) else { return nil }
        switch field.value {
        case .bare("true"), .bare("True"), .bare("t"), .bare("1"): return true
        case .bare("false"), .bare("False"), .bare("f"), .bare("0"): return false
        default: throw wrong(field, "true or false")
        }
    }

    func word(_ name: String) throws(TextProtoError) -> (word: String, line: Int)? {
        guard let field = try single(name) else { return nil }
        guard case .bare(let word) = field.value else { throw wrong(field, "a name") }
        return (word, field.line)
    }

    func integers(_ name: String) throws(TextProtoError) -> [Int64] {
        var values: [Int64] = []
        for field in fields(name) { values.append(try Self.integer(field, in: typeName)) }
        return values
    }

    func message(_ name: String) throws(TextProtoError) -> TextProtoMessage? {
        guard let field = try single(name) else { return nil }
        guard case .message(let message) = field.value else { throw wrong(field, "a message { … }") }
        return message
    }

    /// The number in a wrapper message, `name { value: 3 }`; an empty wrapper holds 0.
    func wrappedInteger(_ name: String) throws(TextProtoError) -> Int64? {
        guard let message = try message(name) else { return nil }
        return try TextProtoFields(message, type: "Int64Value", known: ["value"]).integer("value") ?? 0
    }

    func wrappedBoolean(_ name: String) throws(TextProtoError) -> Bool? {
        guard let message = try message(name) else { return nil }
        return try TextProtoFields(message, type: "BoolValue", known: ["value"]).boolean("value") ?? false
    }

    func line(_ name: String) -> Int { fields(name).first?.line ?? 1 }

    private func single(_ name: String) throws(TextProtoError) -> TextProtoMessage.Field? {
        let found = fields(name)
        guard found.count <= 1 else {
            throw TextProtoError(line: found[1].line, message: "\(typeName).\(name) is given \(found.count) times; expected once")
        }
        return found.first
    }

    private static func integer(_ field: TextProtoMessage.Field, in typeName: String) throws(TextProtoError) -> Int64 {
        guard case .bare(let digits) = field.value, let value = Int64(digits) else {
            throw TextProtoError(line: field.line, message: "\(typeName).\(field.name): expected a whole number")
        }
        return value
    }

    private func wrong(_ field: TextProtoMessage.Field, _ expected: String) -> TextProtoError {
        TextProtoError(line: field.line, message: "\(typeName).\(field.name): expected \(expected)")
    }
}
