package import ServableCore

/// The body of a `:classify` or `:regress` request: examples, and what all of them share.
///
/// Section 6 of TensorFlow Serving's REST contract. Each example becomes a serialized `tf.Example`, as models with such signatures
/// parse it.
package struct ExampleRequest: Sendable {
    /// Nil when the body names none.
    package private(set) var signatureName: String?
    /// A message `tf.Example` each: the context's features, then the example's own, which count where both have one.
    package private(set) var examples: [[UInt8]] = []

    /// - Throws: `invalidArgument` with what is wrong and where.
    package init(_ body: UnsafeRawBufferPointer, limits: TensorJSONLimits = .init()) throws(ServableError) {
        let bytes = unsafe body.assumingMemoryBound(to: UInt8.self)
        do {
            try unsafe read(ExampleText(bytes, maximumDepth: limits.maximumDepth))
        } catch let error as JSONSyntaxError {
            throw error.serving
        } catch let error as ServableError {
            throw error
        } catch {
            throw ServableError(wrapping: error)
        }
    }

    private mutating func read(_ text: ExampleText) throws {
        let start = text.validator.skipWhitespace(0)
        guard text.validator.byte(start) != 0 else { throw JSONSyntaxError(reason: .emptyDocument, offset: start) }
        _ = try text.validator.skipValue(start)
        let document = text.value(start)
        guard text.validator.byte(start) == UInt8(ascii: "{") else {
            throw ServableError(.invalidArgument, "JSON Value: \(document.quotation) Is not object")
        }
        var contextStart: Int?, examplesStart: Int?
        try text.forEachMember(of: start) { name, value in
            if name.spells("signature_name") {
                guard signatureName == nil else { return }
                guard text.validator.byte(value) == UInt8(ascii: "\"") else {
                    throw ServableError(
                        .invalidArgument,
                        "JSON Value: \(document.quotation) not formatted correctly. 'signature_name' key must be a string value.")
                }
                signatureName = text.string(value).text(cutAt: 1024)
            } else if name.spells("context") {
                contextStart = contextStart ?? value
            } else if name.spells("examples") {
                examplesStart = examplesStart ?? value
            }
        }
        let context = try contextStart.map { try ExampleMessage.serialize(text, at: $0) } ?? []
        guard let examplesStart else {
            throw ServableError(
                .invalidArgument,
                "JSON Value: \(document.quotation) When method is classify, key 'examples' is expected and was not found")
        }
        guard text.validator.byte(examplesStart) == UInt8(ascii: "[") else {
            throw ServableError(.invalidArgument, "JSON Value: \(document.quotation) Expecting 'examples' value to be an list/array")
        }
        try text.forEachElement(of: examplesStart) { value in
            examples.append(context + (try ExampleMessage.serialize(text, at: value)))
        }
        guard !examples.isEmpty else {
            throw ServableError(.invalidArgument, "JSON Value: \(document.quotation) 'examples' value is an empty array")
        }
    }
}

/// A JSON text that is read by places in it. Borrows the memory of the text.
@safe struct ExampleText {
    let validator: JSONValidator
    private let base: UnsafePointer<UInt8>?
    private let end: UnsafePointer<UInt8>?
    private let maximumDepth: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) {
        unsafe base = bytes.baseAddress
        unsafe end = bytes.baseAddress.map { unsafe $0 + bytes.count }
        self.maximumDepth = maximumDepth
        validator = unsafe JSONValidator(bytes, maximumDepth: maximumDepth)
    }

    /// The string whose opening quotation mark lies at `start`, in a text that was found to be sound, and is not empty then.
    func string(_ start: Int) -> JSONString { unsafe JSONString(at: base.unsafelyUnwrapped + start, end: end.unsafelyUnwrapped) }

    func value(_ start: Int) -> JSONValue {
        unsafe JSONValue(base.unsafelyUnwrapped + start, end.unsafelyUnwrapped, maximumDepth: maximumDepth)
    }

    /// The characters of the number, or word, at `start`.
    func token(_ start: Int) throws(JSONSyntaxError) -> String {
        let end = try validator.skipValue(start)
        return unsafe String(decoding: UnsafeBufferPointer(start: base.unsafelyUnwrapped + start, count: end - start), as: UTF8.self)
    }

    func forEachMember(of start: Int, _ body: (JSONString, Int) throws -> Void) throws {
        var offset = validator.skipWhitespace(start + 1)
        while validator.byte(offset) == UInt8(ascii: "\"") {
            let value = try validator.skipName(offset)
            try body(string(offset), value)
            offset = validator.skipWhitespace(try validator.skipValue(value))
            if validator.byte(offset) == UInt8(ascii: ",") { offset = validator.skipWhitespace(offset + 1) }
        }
    }

    func forEachElement(of start: Int, _ body: (Int) throws -> Void) throws {
        var offset = validator.skipWhitespace(start + 1)
        while validator.byte(offset) != UInt8(ascii: "]") {
            try body(offset)
            offset = validator.skipWhitespace(try validator.skipValue(offset))
            if validator.byte(offset) == UInt8(ascii: ",") { offset = validator.skipWhitespace(offset + 1) }
        }
    }
}
