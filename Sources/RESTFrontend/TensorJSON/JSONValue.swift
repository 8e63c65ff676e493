/// A value somewhere in a text, inspected rather than read: what kind it is, where it ends, how a message quotes it.
///
/// Borrows the memory of the text and reads nothing at or past `limit`.
@safe struct JSONValue {
    private let start: UnsafePointer<UInt8>
    private let limit: UnsafePointer<UInt8>
    private let maximumDepth: Int

    /// The value whose first byte is at `start`.
    init(_ start: UnsafePointer<UInt8>, _ limit: UnsafePointer<UInt8>, maximumDepth: Int) {
        unsafe self.start = start
        unsafe self.limit = limit
        self.maximumDepth = maximumDepth
    }

    private var validator: JSONValidator {
        unsafe JSONValidator(UnsafeBufferPointer(start: start, count: max(0, limit - start)), maximumDepth: maximumDepth)
    }

    /// The position after the value; nil when it is not sound.
    var end: UnsafePointer<UInt8>? {
        do { return unsafe start + (try validator.skipValue(0)) } catch { return nil }
    }

    /// The kind as messages name it: Null, False, True, Object, Array, String, Number.
    var kindName: String {
        switch validator.byte(0) {
        case UInt8(ascii: "n"): "Null"
        case UInt8(ascii: "f"): "False"
        case UInt8(ascii: "t"): "True"
        case UInt8(ascii: "{"): "Object"
        case UInt8(ascii: "["): "Array"
        case UInt8(ascii: "\""): "String"
        default: "Number"
        }
    }

    /// The text and end of `{"b64": "…"}`: an object of this one member with a string value; nil for any other value.
    var base64: (text: JSONString, end: UnsafePointer<UInt8>)? {
        let validator = validator
        guard validator.byte(0) == UInt8(ascii: "{") else { return nil }
        let name = validator.skipWhitespace(1)
        guard validator.byte(name) == UInt8(ascii: "\"") else { return nil }
        do {
            let value = try validator.skipName(name)
            guard unsafe JSONString(at: start + name, end: limit).spells("b64"), validator.byte(value) == UInt8(ascii: "\"")
            else { return nil }
            let close = validator.skipWhitespace(try validator.skipString(value))
            guard validator.byte(close) == UInt8(ascii: "}") else { return nil }
            return unsafe (JSONString(at: start + value, end: limit), start + close + 1)
        } catch {
            return nil
        }
    }

    /// The value as messages quote it: indented by four spaces a level and cut after about 256 bytes.
    var quotation: String {
        var quotation = JSONQuotation(limit: 256)
        var position = unsafe start
        while unsafe position < limit, unsafe quotation.append(&position, limit) {}
        return quotation.text
    }
}

/// Re-indents a JSON text token by token. The text may be unsound, as values are quoted that are not read to their end.
private struct JSONQuotation {
    private let limit: Int
    private var bytes: [UInt8] = []
    private var depth = 0
    private var isAfterOpening = false

    init(limit: Int) { self.limit = limit }

    var text: String {
        guard bytes.count > limit else { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: bytes.prefix(limit), as: UTF8.self) + "..."
    }

    /// Takes the next token; false when the value or the room for it has ended.
    mutating func append(_ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Bool {
        let byte = unsafe position.pointee
        switch byte {
        case _ where JSONBytes.isWhitespace(byte):
            unsafe position += 1
            return true
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            openLineIfFirst()
            bytes.append(byte)
            depth += 1
            isAfterOpening = true
            unsafe position += 1
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
            // One that closes nothing: the text is not sound and the value ends before it.
            guard depth > 0 else { return false }
            depth -= 1
            if !isAfterOpening { openLine() }
            isAfterOpening = false
            bytes.append(byte)
            unsafe position += 1
        case UInt8(ascii: ","):
            bytes.append(byte)
            openLine()
            unsafe position += 1
            return bytes.count <= limit
        case UInt8(ascii: ":"):
            bytes.append(contentsOf: [byte, UInt8(ascii: " ")])
            unsafe position += 1
            return bytes.count <= limit
        case UInt8(ascii: "\""):
            openLineIfFirst()
            unsafe appendString(&position, end)
        default:
            openLineIfFirst()
            unsafe appendWord(&position, end)
        }
        return unsafe depth > 0 && bytes.count <= limit || position < end && position.pointee == UInt8(ascii: ":")
    }

    private mutating func openLineIfFirst() {
        if isAfterOpening { openLine() }
        isAfterOpening = false
    }

    private mutating func openLine() {
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: min(4 * depth, limit)))
    }

    private mutating func appendString(_ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) {
        let string = unsafe JSONString(at: position, end: end)
        bytes.append(UInt8(ascii: "\""))
        unsafe bytes.append(contentsOf: string.raw.prefix(limit + 1))
        bytes.append(UInt8(ascii: "\""))
        unsafe position += min(string.byteCount, end - position)
    }

    private mutating func appendWord(_ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) {
        repeat {
            unsafe bytes.append(position.pointee)
            unsafe position += 1
        } while unsafe position < end && bytes.count <= limit && isWord(position.pointee)
    }

    private func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
