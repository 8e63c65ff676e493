/// How the text of a value becomes a value, and how an error says what was expected.
struct ValueKind<Value: Sendable>: Sendable {
    /// Completes "expected …".
    let expected: String
    /// Whether the file may write it as a list, whose elements are then joined by commas.
    let takesList: Bool
    /// Whether `null` is a word like others, which the file may write without quotation marks.
    let takesNull: Bool
    let parse: @Sendable (String) -> Value?

    init(expected: String, takesList: Bool = false, takesNull: Bool = false, parse: @escaping @Sendable (String) -> Value?) {
        self.expected = expected
        self.takesList = takesList
        self.takesNull = takesNull
        self.parse = parse
    }
}

extension ValueKind where Value == String {
    static var text: ValueKind { ValueKind(expected: "a text that is not empty") { $0.isEmpty ? nil : $0 } }
}

extension ValueKind where Value == String? {
    /// A text; empty for none.
    static var optionalText: ValueKind { ValueKind(expected: "a text") { $0.isEmpty ? .some(nil) : .some($0) } }
}

extension ValueKind where Value == Bool {
    static var boolean: ValueKind { ValueKind(expected: "true or false") { Bool($0) } }
}

extension ValueKind where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> ValueKind {
        ValueKind(expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    static func byteCount(_ range: ClosedRange<Int>) -> ValueKind {
        ValueKind(
            expected: "a number of bytes from \(range.lowerBound) to \(range.upperBound), such as 65536, 64KiB, 512MiB or 2GiB"
        ) { text in
            ByteCountText.parse(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension ValueKind where Value == Int? {
    /// A number, or `auto` for what suits the machine.
    static func integerOrAutomatic(_ range: ClosedRange<Int>) -> ValueKind {
        let number = ValueKind<Int>.integer(range)
        return ValueKind(expected: "auto or \(number.expected)") { text in
            text == "auto" ? .some(nil) : number.parse(text).map(Optional.some)
        }
    }
}

extension ValueKind where Value == [Int] {
    /// Numbers between commas; empty for none.
    static func integerList(_ range: ClosedRange<Int>) -> ValueKind {
        ValueKind(expected: "a list of whole numbers from \(range.lowerBound) to \(range.upperBound)", takesList: true) { text in
            var numbers: [Int] = []
            for part in text.split(separator: ",") {
                let digits = part.drop { $0 == " " }
                guard let number = Int(digits), range.contains(number) else { return nil }
                numbers.append(number)
            }
            return numbers
        }
    }
}

extension ValueKind where Value == [String] {
    /// Words between commas.
    static var words: ValueKind {
        ValueKind(expected: "a list of words that are not empty", takesList: true) { text in
            let words = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
                String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
            return words.contains("") ? nil : words
        }
    }
}

extension ValueKind where Value == Duration {
    static func duration(_ range: ClosedRange<Duration>) -> ValueKind {
        ValueKind(
            expected: "a duration from \(DurationText.text(range.lowerBound)) to \(DurationText.text(range.upperBound)), "
                + "a number with us, ms, s, m or h"
        ) { text in
            DurationText.parse(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension ValueKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the names of an enumeration.
    static var oneOf: ValueKind {
        let words = Value.allCases.map(\.rawValue)
        return ValueKind(expected: "one of " + words.joined(separator: ", "), takesNull: words.contains("null")) { Value(rawValue: $0) }
    }
}
