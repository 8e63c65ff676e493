import ServableCore

/// The members of a body that was found to be sound JSON, by their places.
struct RequestOutline {
    private(set) var envelope = PredictEnvelope()
    /// After the closing brace.
    let end: UnsafePointer<UInt8>
    private var rows: UnsafePointer<UInt8>?
    private var columns: UnsafePointer<UInt8>?
    private let document: JSONValue

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ addressing: PredictAddressing, _ limits: TensorJSONLimits) throws {
        let validator = JSONValidator(bytes, maximumDepth: limits.maximumDepth)
        let start = validator.skipWhitespace(0)
        guard start < bytes.count, let base = bytes.baseAddress else {
            throw JSONSyntaxError(reason: .emptyDocument, offset: start)
        }
        // What follows the first value does not count.
        end = base + (try validator.skipValue(start))
        document = JSONValue(base + start, end, maximumDepth: limits.maximumDepth)
        guard base[start] == UInt8(ascii: "{") else {
            throw ServableError(.invalidArgument, "JSON Value: \(document.quotation) Is not object")
        }
        var reader = EnvelopeReader(addressing)
        var offset = validator.skipWhitespace(start + 1)
        while validator.byte(offset) != UInt8(ascii: "}") {
            let name = JSONString(at: base + offset, end: end)
            let value = try validator.skipName(offset)
            switch TensorFormat(memberName: name) {
            case .row: rows = rows ?? base + value
            case .columnar: columns = columns ?? base + value
            case nil: _ = try reader.take(name, base + value, end) { [document] in document.quotation }
            }
            offset = validator.skipWhitespace(try validator.skipValue(value))
            if validator.byte(offset) == UInt8(ascii: ",") { offset = validator.skipWhitespace(offset + 1) }
        }
        envelope = reader.envelope
    }

    /// Where the tensors are.
    func tensors() throws(ServableError) -> (TensorFormat, UnsafePointer<UInt8>) {
        switch (rows, columns) {
        case (let rows?, nil): return (.row, rows)
        case (nil, let columns?): return (.columnar, columns)
        case (nil, nil): throw ServableError(.invalidArgument, "Missing 'inputs' or 'instances' key")
        case (_?, _?):
            let message = "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
            throw ServableError(.invalidArgument, "JSON Value: \(document.quotation) \(message)")
        }
    }
}
