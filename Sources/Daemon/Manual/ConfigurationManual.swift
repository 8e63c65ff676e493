/// apus.yaml(5), from the comments of the configuration reference: a comment describes the key below it.
enum ConfigurationManual {
    static func blocks(_ reference: String) -> [ManualBlock] {
        var blocks: [ManualBlock] = [.section("Description")]
        var reader = ReferenceReader()
        for line in reference.split(separator: "\n", omittingEmptySubsequences: false) { blocks += reader.read(String(line)) }
        blocks += reader.finish()
        return blocks + [.section("See also"), .paragraph("`apus`(1), `apus-models`(7)")]
    }
}

/// Reads the reference line by line.
private struct ReferenceReader {
    private var comment: [String] = []
    /// Keys of the maps that the line is in, with their indentation.
    private var path: [(indent: Int, key: String)] = []
    private var hasKeys = false

    mutating func read(_ line: String) -> [ManualBlock] {
        let text = line.drop { $0 == " " }
        if text.hasPrefix("#") {
            comment.append(String(text.dropFirst().drop { $0 == " " }.isEmpty ? "" : text.dropFirst(text.hasPrefix("# ") ? 2 : 1)))
            return []
        }
        guard let colon = text.firstIndex(of: ":"), !text.isEmpty else { return text.isEmpty ? flush() : [] }
        return readKey(
            String(text[..<colon]), String(text[text.index(after: colon)...].drop { $0 == " " }), indent: line.count - text.count)
    }

    mutating func finish() -> [ManualBlock] { flush() }

    private mutating func readKey(_ key: String, _ value: String, indent: Int) -> [ManualBlock] {
        path = path.filter { $0.indent < indent }
        let name = (path.map(\.key) + [key]).joined(separator: ".")
        guard value.isEmpty else { return flush(for: "`\(name)`: \(value)") }
        path.append((indent, key))
        let description = flush()
        let isTop = indent == 0
        let heading: [ManualBlock] = [isTop ? .section(key) : .subsection(name)]
        // What stands before the first key is of the file as a whole.
        defer { hasKeys = true }
        return hasKeys ? heading + description : description + heading
    }

    /// The comment as paragraphs, or the first of them as the description of a key.
    private mutating func flush(for term: String? = nil) -> [ManualBlock] {
        defer { comment = [] }
        var blocks = paragraphs(comment)
        guard let term else { return blocks }
        guard case .paragraph(let text)? = blocks.last else { return blocks + [.item(term, "")] }
        blocks.removeLast()
        return blocks + [.item(term, text)]
    }

    /// Commented-out YAML is shown as it is; everything else is prose.
    private func paragraphs(_ lines: [String]) -> [ManualBlock] {
        var blocks: [ManualBlock] = []
        for group in lines.split(separator: "", omittingEmptySubsequences: true) {
            if group.contains(where: { $0.hasPrefix(" ") || $0.hasSuffix(":") && !$0.contains(" ") }) {
                blocks.append(.example(Array(group)))
            } else {
                blocks.append(.paragraph(group.joined(separator: " ")))
            }
        }
        return blocks
    }
}
