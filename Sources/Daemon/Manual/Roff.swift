/// A manual page in parts, which man(7) macros are made of. In texts, `words` between backquotes are bold.
enum ManualBlock: Equatable {
    case section(String)
    case subsection(String)
    case paragraph(String)
    /// A term, an option or a key, and what it is.
    case item(String, String)
    /// Lines that are shown as they are.
    case example([String])
}

/// Writes a manual page for man(1), see man(7) and groff_man(7).
struct Roff {
    let name: String
    let section: Int
    /// What the page is about, in one line.
    let purpose: String
    let blocks: [ManualBlock]

    var text: String {
        var lines = [
            ".\\\" Made by `apus manual`; changes here are lost.",
            ".TH \(Self.escaped(name.uppercased())) \(section) \"\" \"Apus \(Version.number)\" \"\(Self.title(section))\"", ".SH NAME",
            "\(Self.escaped(name)) \\- \(Self.escaped(purpose))",
        ]
        for block in blocks { lines += Self.lines(block) }
        return lines.joined(separator: "\n")
    }

    private static func title(_ section: Int) -> String {
        switch section {
        case 1: "User Commands"
        case 5: "File Formats"
        default: "Miscellaneous"
        }
    }

    private static func lines(_ block: ManualBlock) -> [String] {
        switch block {
        case .section(let title): [".SH \(escaped(title.uppercased()))"]
        case .subsection(let title): [".SS \(escaped(title))"]
        case .paragraph(let text): [".PP", styled(text)]
        case .item(let term, let text): [".TP", styled(term), styled(text)]
        case .example(let lines): [".PP", ".RS 4", ".nf"] + lines.map(escaped) + [".fi", ".RE"]
        }
    }

    /// Bold between backquotes.
    private static func styled(_ text: String) -> String {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false)
        let line = parts.enumerated().map { index, part in
            let escaped = escaped(String(part), atStart: index == 0)
            return index % 2 == 1 ? "\\fB\(escaped)\\fR" : escaped
        }.joined()
        return line
    }

    /// Nothing of the text is a request or an escape of roff; hyphens stay what a reader types.
    private static func escaped(_ text: String) -> String { escaped(text, atStart: true) }

    private static func escaped(_ text: String, atStart: Bool) -> String {
        var result = ""
        if atStart, let first = text.first, first == "." || first == "'" { result = "\\&" }
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "\n": result += " "
            default: result.append(character)
            }
        }
        return result
    }
}
