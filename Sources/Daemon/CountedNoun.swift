/// A number with its noun, in the singular or the plural: `1 model`, `2 models`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// Names as people read them: all of a few, else the first ones and how many more there are.
func listed(_ names: [String], atMost limit: Int = 8) -> String {
    guard names.count > limit else { return names.joined(separator: ", ") }
    return names.prefix(limit).joined(separator: ", ") + " and \(names.count - limit) more"
}
