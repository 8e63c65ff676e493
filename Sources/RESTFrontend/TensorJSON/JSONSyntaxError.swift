import ServableCore

/// Why a text is no JSON, and where.
///
/// The texts are those of RapidJSON, which clients of TensorFlow Serving know and match on.
struct JSONSyntaxError: Error, Equatable {
    enum Reason: String, Equatable {
        case emptyDocument = "The document is empty"
        case invalidValue = "Invalid value."
        case missingName = "Missing a name for object member."
        case missingColon = "Missing a colon after a name of object member."
        case missingCommaOrBrace = "Missing a comma or } after an object member."
        case missingCommaOrBracket = "Missing a comma or ] after an array element."
        case badHexDigit = "Incorrect hex digit after \\u escape in string."
        case badSurrogate = "The surrogate pair in string is invalid."
        case badEscape = "Invalid escape character in string."
        case missingQuote = "Missing a closing quotation mark in string."
        case numberTooBig = "Number too big to be stored in double."
        case missingFraction = "Miss fraction part in number."
        case missingExponent = "Miss exponent in number."
        case tooDeep = "Arrays and objects are nested deeper than this server allows"
    }

    let reason: Reason
    /// Bytes before the one that cannot stand where it does.
    let offset: Int

    var serving: ServableError {
        let place = reason == .emptyDocument ? "" : " at offset: \(offset)"
        return ServableError(.invalidArgument, "JSON Parse error: \(reason.rawValue)\(place)")
    }
}
