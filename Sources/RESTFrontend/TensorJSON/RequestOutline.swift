import ServableCore

/// The members of a body that was found to be sound JSON, by their places. Borrows the memory of the body.
@safe struct RequestOutline {
    private(set) var envelope = PredictEnvelope()
    /// From the opening brace to the closing one.
    let text: SentinelText
    private var rows: UnsafePointer<UInt8>?
    private var columns: UnsafePointer<UInt8>?
    private let document: JSONValue

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ addressing: PredictAddressing, _ limits: TensorJSONLimits) throws {
        let validator = unsafe JSONValidator(bytes, maximumDepth: limits.maximumDepth)
        let start = validator.skipWhitespace(0)
        guard start < bytes.count, let base = bytes.baseAddress else {
            throw JSONSyntaxError(reason: .emptyDocument, offset: start)
        }
        // What follows the first value does not count.
        let value = unsafe UnsafeBufferPointer(rebasing: bytes[start..<(try validator.skipValue(start))])
        document = unsafe JSONValue(base + start, base + start + value.count, maximumDepth: limits.maximumDepth)
        guard unsafe value.first == UInt8(ascii: "{"), let text = unsafe SentinelText(value) else {
            throw ServableError(.invalidArgument, "JSON Value: \(document.quotation) Is not object")
        }
        self.text = text
        var reader = EnvelopeReader(addressing)
        var offset = validator.skipWhitespace(start + 1)
        while validator.byte(offset) != UInt8(ascii: "}") {
            let name = unsafe JSONString(at: base + offset, end: text.end)
            let value = try validator.skipName(offset)
            switch TensorFormat(memberName: name) {
            case .row: unsafe rows = rows ?? base + value
            case .columnar: unsafe columns = columns ?? base + value
            case nil: _ = try unsafe reader.take(name, base + value, text) { [document] in document.quotation }
            }
            offset = validator.skipWhitespace(try validator.skipValue(value))
            if validator.byte(offset) == UInt8(ascii: ",") { offset = validator.skipWhitespace(offset + 1) }
        }
        envelope = reader.envelope
    }

    /// Where the tensors are.
    func tensors() throws(ServableError) -> (TensorFormat, UnsafePointer<UInt8>) {
        switch unsafe (rows, columns) {
        case (let rows?, nil): return unsafe (.row, rows)
        case (nil, let columns?): return unsafe (.columnar, columns)
        case (nil, nil): throw ServableError(.invalidArgument, "Missing 'inputs' or 'instances' key")
        case (_?, _?):
            let message = "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
            throw ServableError(.invalidArgument, "JSON Value: \(document.quotation) \(message)")
        }
    }
}
