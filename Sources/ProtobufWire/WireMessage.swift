/// A message that takes its fields one after another from a reader.
///
/// A conformance switches over `field.number`, reads what it knows and passes the rest to `reader.skip(field)`.
/// A field met twice replaces the earlier value, a repeated field is appended to, a nested message is merged,
/// as the encoding guide demands.
package protocol WireMessage {
    init()
    mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError)
}

extension WireMessage {
    /// Reads fields until the message ends.
    package mutating func merge(from reader: inout WireReader) throws(WireError) {
        while let field = try reader.nextField() {
            try merge(field, from: &reader)
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        self.init()
        try merge(from: &reader)
    }
}

extension WireReader {
    /// Merges a nested message into `message`; `name` is its place in error paths.
    package mutating func merge<Message: WireMessage>(
        _ field: WireField, _ name: StaticString, into message: inout Message?
    ) throws(WireError) {
        var reader = try nested(field)
        // Taken out first, so that merging changes it in place instead of a copy.
        var merged = message ?? Message()
        message = nil
        do throws(WireError) { try merged.merge(from: &reader) } catch { throw error.nested(in: "\(name)") }
        message = merged
    }

    /// Appends a nested message to `list`; `name` and its index are its place in error paths.
    package mutating func append<Message: WireMessage>(
        _ field: WireField, _ name: StaticString, to list: inout [Message]
    ) throws(WireError) {
        var reader = try nested(field)
        let message: Message
        do throws(WireError) { message = try Message(from: &reader) } catch { throw error.nested(in: "\(name)[\(list.count)]") }
        list.append(message)
    }
}
