/// What `Accept-Encoding` says about the response: whether it may, and should, be compressed, and how (RFC 9110 §12.5.3).
///
/// A list element that does not follow the grammar counts as absent: a client that cannot say what it takes gets what
/// everybody understands.
struct AcceptEncoding: Sendable {
    /// Weights in thousandths; -1 where the client does not name the coding.
    private var gzip: Int16 = -1
    private var deflate: Int16 = -1
    private var identity: Int16 = -1
    private var anyOther: Int16 = -1
    /// Codings that the client names, known here or not.
    private var codingCount = 0
    private var hasWeight = false

    /// The coding that is acceptable, liked best and not less than no coding at all; of two that are liked the same, gzip.
    var preference: ContentPreference {
        let gzip = gzip >= 0 ? gzip : anyOther, deflate = deflate >= 0 ? deflate : anyOther
        let best = max(gzip, deflate)
        guard best > 0, best >= identity else { return .none }
        return ContentPreference(coding: gzip == best ? .gzip : .deflate, isWish: codingCount == 1 || codingCount > 0 && hasWeight)
    }

    /// Takes note of one field; several make one list (RFC 9110 §5.3).
    mutating func note(_ value: Span<UInt8>) {
        var list = FieldList()
        while let element = list.next(in: value) { noteElement(value.extracting(element)) }
    }

    /// codings [ OWS ";" OWS "q=" qvalue ]
    private mutating func noteElement(_ element: Span<UInt8>) {
        let semicolon = firstIndex(of: UInt8(ascii: ";"), in: element) ?? element.count
        var end = semicolon
        while end > 0, isBlank(element[end - 1]) { end -= 1 }
        var weight: Int16 = 1000
        if semicolon < element.count {
            guard let given = Self.weight(element.extracting((semicolon + 1)...)) else { return }
            weight = given
            hasWeight = true
        }
        let name = element.extracting(..<end)
        if name.equalsIgnoringCase("identity") {
            identity = weight
        } else if name.equals("*") {
            anyOther = weight
        } else {
            codingCount += 1
            switch ContentCoding(name) {
            case .gzip: gzip = weight
            case .deflate: deflate = weight
            case nil: break
            }
        }
    }

    /// OWS "q=" qvalue, in thousandths (RFC 9110 §12.4.2).
    private static func weight(_ text: Span<UInt8>) -> Int16? {
        var at = 0
        while at < text.count, isBlank(text[at]) { at += 1 }
        guard text.count - at >= 3, lowercase(text[at]) == UInt8(ascii: "q"), text[at + 1] == UInt8(ascii: "=") else { return nil }
        return qvalue(text.extracting((at + 2)...))
    }

    /// ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
    private static func qvalue(_ text: Span<UInt8>) -> Int16? {
        guard let first = text.indices.first, text[first] == UInt8(ascii: "0") || text[first] == UInt8(ascii: "1"),
            text.count <= 5, text.count == 1 || text[1] == UInt8(ascii: ".")
        else { return nil }
        var thousandths = Int16(text[first] - UInt8(ascii: "0")) * 1000
        var unit: Int16 = 100
        for index in min(2, text.count)..<text.count {
            guard isDigit(text[index]) else { return nil }
            thousandths += unit * Int16(text[index] - UInt8(ascii: "0"))
            unit /= 10
        }
        return thousandths <= 1000 ? thousandths : nil
    }
}
