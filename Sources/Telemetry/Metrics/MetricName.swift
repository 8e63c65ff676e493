/// Names as the Prometheus text format allows them.
enum MetricName {
    /// A metric's name: what is not a letter, a digit or `_` becomes `:`, so that a path such as
    /// `/tensorflow/serving/request_count` becomes `:tensorflow:serving:request_count`; a leading digit gets `_` in front.
    static func exported(_ name: String) -> String { mangled(name, replacement: ":") }

    /// A label's name: other characters become `_`; a leading digit gets `_` in front.
    static func exportedLabel(_ name: String) -> String { mangled(name, replacement: "_") }

    private static func mangled(_ name: String, replacement: Character) -> String {
        let allowed = String(name.map { isWordCharacter($0) ? $0 : replacement })
        return allowed.first.map(isDigit) == true ? "_" + allowed : allowed
    }

    private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }

    private static func isWordCharacter(_ character: Character) -> Bool {
        character == "_" || character.isASCII && (character.isLetter || isDigit(character))
    }
}
