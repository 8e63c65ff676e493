import OpenInference
import ServableCore

/// Walks a JSON text value by value and checks it on the way. Borrows the memory of the text.
///
/// It stands at the first byte of a value, and every function that reads one leaves it behind that.
@safe struct JSONCursor {
    private let validator: JSONValidator
    private let text: SentinelText
    private var offset: Int

    /// At the text's only value.
    init(_ text: SentinelText, maximumDepth: Int) {
        self.text = text
        validator = unsafe JSONValidator(text.bytes, maximumDepth: maximumDepth)
        offset = validator.skipWhitespace(0)
    }

    enum Kind { case object, array, string, number, boolean, null }

    /// What the next value is, by its first byte; a number when it is nothing else.
    var kind: Kind {
        switch validator.byte(offset) {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "n"): .null
        default: .number
        }
    }

    /// Where the next value begins, to be returned to with `moved`.
    var place: Int { offset }

    /// The cursor at an earlier place.
    func moved(to place: Int) -> JSONCursor {
        var cursor = self
        cursor.offset = place
        return cursor
    }

    mutating func skipValue() throws(ServableError) {
        do { offset = try validator.skipValue(offset) } catch { throw error.serving }
    }

    /// Nothing but whitespace follows.
    func requireEnd() throws(ServableError) {
        let rest = validator.skipWhitespace(offset)
        guard unsafe rest == text.bytes.count else {
            throw ServableError(.invalidArgument, "JSON Parse error: there is text behind the object, at offset: \(rest)")
        }
    }

    /// Calls `body` at the value of each member of an object, to read it.
    ///
    /// - Parameter what: the value's name, for messages.
    mutating func readObject(
        _ what: @autoclosure () -> String, _ body: (JSONString, inout JSONCursor) throws(ServableError) -> Void
    ) throws(ServableError) {
        guard kind == .object else { throw try mistyped(what(), "an object") }
        try enter()
        if leaves(UInt8(ascii: "}")) { return }
        repeat {
            let start = offset
            do { offset = try validator.skipName(start) } catch { throw error.serving }
            try unsafe body(JSONString(at: text.start + start, end: text.end), &self)
        } while try goesOn(UInt8(ascii: "}"), .missingCommaOrBrace)
    }

    /// Calls `body` at each element of an array, with its index, to read it.
    mutating func readArray(
        _ what: @autoclosure () -> String, _ body: (Int, inout JSONCursor) throws(ServableError) -> Void
    ) throws(ServableError) {
        guard kind == .array else { throw try mistyped(what(), "an array") }
        try enter()
        if leaves(UInt8(ascii: "]")) { return }
        var index = 0
        repeat {
            try body(index, &self)
            index += 1
        } while try goesOn(UInt8(ascii: "]"), .missingCommaOrBracket)
    }

    /// - Parameter limit: bytes that the string may have.
    mutating func readString(_ what: @autoclosure () -> String, limit: Int) throws(ServableError) -> String {
        guard kind == .string else { throw try mistyped(what(), "a string") }
        let start = offset
        try skipValue()
        let string = unsafe JSONString(at: text.start + start, end: text.end)
        guard string.byteCount <= limit else {
            throw ServableError(.invalidArgument, "\(what()) has more than \(limit) bytes, which is the limit")
        }
        return string.text
    }

    mutating func readBoolean(_ what: @autoclosure () -> String) throws(ServableError) -> Bool {
        guard kind == .boolean else { throw try mistyped(what(), "true or false") }
        let isTrue = validator.byte(offset) == UInt8(ascii: "t")
        try skipValue()
        return isTrue
    }

    /// An integer literal that fits; nil, with the cursor where it was, for another value.
    mutating func readInteger<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type) -> Value? {
        guard
            let (value, next) = unsafe ElementReaders.Integer<Value>.read(text.start + offset, text.readableEnd, PowersOfFive.table)
        else { return nil }
        offset = unsafe next - text.start
        return value
    }

    mutating func readDouble(_ what: @autoclosure () -> String) throws(ServableError) -> Double {
        guard let (value, next) = unsafe ElementReaders.Float64.read(text.start + offset, text.readableEnd, PowersOfFive.table) else {
            throw try mistyped(what(), "a number")
        }
        offset = unsafe next - text.start
        return value
    }

    /// Calls `body` with the text and the position of the next value, which it moves behind the value.
    ///
    /// - Throws: what is wrong with the text when that is what `body` throws `syntax` for.
    mutating func read<Value>(
        _ body: (inout UnsafePointer<UInt8>, SentinelText) throws(DecodeFault) -> Value
    ) throws(ServableError) -> Value {
        var position = unsafe text.start + offset
        do throws(DecodeFault) {
            let value = try unsafe body(&position, text)
            offset = unsafe position - text.start
            return value
        } catch {
            // A text that is no JSON says so, whatever the reader stumbled over.
            try skipValue()
            if case .refused(let refusal) = error { throw refusal }
            throw ServableError(.invalidArgument, "JSON Parse error: a value ends before its text does")
        }
    }

    /// What to throw for a value of another kind; what is wrong with the text comes first.
    private mutating func mistyped(_ what: String, _ expected: String) throws(ServableError) -> ServableError {
        let found = unsafe JSONValue(text.start + min(offset, max(0, text.bytes.count - 1)), text.end, maximumDepth: 1).kindName
        try skipValue()
        return ServableError(.invalidArgument, "\(what) is \(found), expected \(expected)")
    }

    private mutating func enter() throws(ServableError) { offset = validator.skipWhitespace(offset + 1) }

    /// Moves behind a bracket that closes what has just been entered.
    private mutating func leaves(_ close: UInt8) -> Bool {
        guard validator.byte(offset) == close else { return false }
        offset += 1
        return true
    }

    /// After an element: whether another one follows, at which the cursor then stands.
    private mutating func goesOn(_ close: UInt8, _ fault: JSONSyntaxError.Reason) throws(ServableError) -> Bool {
        offset = validator.skipWhitespace(offset)
        if leaves(close) { return false }
        guard validator.byte(offset) == UInt8(ascii: ",") else { throw JSONSyntaxError(reason: fault, offset: offset).serving }
        offset = validator.skipWhitespace(offset + 1)
        return true
    }
}

extension JSONCursor {
    /// Calls `body` with a cursor at the object that `bytes` must be, whole.
    ///
    /// - Throws: `invalidArgument` for bytes that are no JSON, or no object, or more than it.
    static func withObject<Value>(
        _ bytes: UnsafeRawBufferPointer, maximumDepth: Int, _ body: (inout JSONCursor) throws(ServableError) -> Value
    ) throws(ServableError) -> Value {
        let bytes = unsafe bytes.assumingMemoryBound(to: UInt8.self)
        guard let text = unsafe SentinelText(bytes) else { throw unsafe fault(bytes, maximumDepth) }
        var cursor = JSONCursor(text, maximumDepth: maximumDepth)
        let value = try body(&cursor)
        try cursor.requireEnd()
        return value
    }

    /// What is wrong with a text that does not end with a brace.
    private static func fault(_ bytes: UnsafeBufferPointer<UInt8>, _ maximumDepth: Int) -> ServableError {
        let validator = unsafe JSONValidator(bytes, maximumDepth: maximumDepth)
        let start = validator.skipWhitespace(0)
        guard start < bytes.count else {
            return ServableError(.invalidArgument, "the request has no body; expected a JSON object")
        }
        do {
            let end = validator.skipWhitespace(try validator.skipValue(start))
            guard end == bytes.count else {
                return ServableError(.invalidArgument, "JSON Parse error: there is text behind the value, at offset: \(end)")
            }
            return ServableError(.invalidArgument, "the request body is no JSON object")
        } catch {
            return error.serving
        }
    }

    /// Reads the members of `parameters`, all of them strings, numbers or truth values.
    mutating func readParameters(
        _ what: @autoclosure () -> String, _ note: (String, ParameterValue) throws(ServableError) -> Void
    ) throws(ServableError) {
        let what = what()
        try readObject("\(what)'parameters'") { (name, cursor) throws(ServableError) in
            let name = name.text(cutAt: Self.maximumNameByteCount)
            let value = try cursor.readParameter("\(what)the parameter \"\(name)\"")
            do throws(ServableError) {
                try note(name, value)
            } catch {
                throw ServableError(error.code, what + error.message)
            }
        }
    }

    /// Longer names are of nothing that there is.
    private static let maximumNameByteCount = 256
    private static let maximumValueByteCount = 1 << 20

    private mutating func readParameter(_ what: @autoclosure () -> String) throws(ServableError) -> ParameterValue {
        switch kind {
        case .string: return .string(try readString(what(), limit: Self.maximumValueByteCount))
        case .boolean: return .bool(try readBoolean(what()))
        case .number:
            let start = place
            if let value = readInteger(Int64.self) { return .integer(value) }
            if let value = readInteger(UInt64.self) { return .unsigned(value) }
            self = moved(to: start)
            return .double(try readDouble(what()))
        case .object, .array, .null: throw try mistyped(what(), "a string, a number, true or false")
        }
    }
}
