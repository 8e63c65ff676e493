import Tensors

/// The values that NumPy headers are made of: the part of Python's literal syntax that `numpy.save` writes.
enum PythonLiteral: Equatable {
    case text(String)
    case bool(Bool)
    case integers([Int])
}

/// Reads a dictionary literal: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
struct PythonLiteralScanner {
    /// What is wrong, and at which byte of the text.
    struct Failure: Error, Equatable {
        let position: Int
        let expected: String
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The whole text as one dictionary, spaces around it allowed.
    mutating func dictionary() throws(Failure) -> [String: PythonLiteral] {
        var result: [String: PythonLiteral] = [:]
        try expect("{")
        while !take("}") {
            let keyPosition = position
            let key = try text()
            try expect(":")
            guard result.updateValue(try value(), forKey: key) == nil else {
                throw Failure(position: keyPosition, expected: "each key once")
            }
            if !take(",") {
                try expect("}")
                break
            }
        }
        skipSpace()
        guard position == bytes.count else { throw fail("the end of the header") }
        return result
    }

    private mutating func value() throws(Failure) -> PythonLiteral {
        skipSpace()
        switch peek {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "("): return .integers(try tuple())
        default:
            if takeWord("True") { return .bool(true) }
            if takeWord("False") { return .bool(false) }
            throw fail("a text, a tuple, True or False")
        }
    }

    /// Text without escapes: `numpy.save` needs none for what is supported.
    private mutating func text() throws(Failure) -> String {
        skipSpace()
        guard let quote = peek, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { throw fail("a quoted text") }
        position += 1
        let start = position
        while let byte = peek, byte != quote {
            guard byte != UInt8(ascii: "\\"), byte >= 0x20, byte < 0x7F else { throw fail("plain text") }
            position += 1
        }
        guard peek == quote else { throw fail("a closing quote") }
        defer { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// `()`, `(3,)`, `(3, 4)`; at most as many elements as a shape has axes.
    private mutating func tuple() throws(Failure) -> [Int] {
        var elements: [Int] = []
        try expect("(")
        while !take(")") {
            guard elements.count < Shape.maximumRank else { throw fail("at most \(Shape.maximumRank) axes") }
            elements.append(try integer())
            if !take(",") {
                // One element needs its comma; without it the brackets mean a number.
                guard elements.count > 1 else { throw fail("a comma") }
                try expect(")")
                break
            }
        }
        return elements
    }

    private mutating func integer() throws(Failure) -> Int {
        skipSpace()
        var value = 0
        let start = position
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else { throw fail("a number below 2^63") }
            value = sum
            position += 1
        }
        guard position > start else { throw fail("a number of 0 or more") }
        return value
    }

    // MARK: Bytes

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func takeWord(_ word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(Failure) {
        guard take(character) else { throw fail("\"\(character)\"") }
    }

    private func fail(_ expected: String) -> Failure { Failure(position: position, expected: expected) }
}
