import ArgumentParser
import FoundationEssentials

/// What the parser knows of a command, from which `--help` is made as well.
struct CommandHelp: Decodable {
    struct Name: Decodable {
        let kind: String
        let name: String

        /// As it is typed.
        var text: String { (kind == "long" ? "--" : "-") + name }
    }

    struct Argument: Decodable {
        let kind: String
        let names: [Name]?
        let valueName: String?
        let abstract: String?
        let defaultValue: String?
        let allValues: [String]?
        let isOptional: Bool
        let isRepeating: Bool
        let shouldDisplay: Bool
        let sectionTitle: String?

        var isOption: Bool { kind != "positional" }

        /// `--name value`, with what has to be typed in bold.
        var term: String {
            let spellings = (names ?? []).map { "`\($0.text)`" }.joined(separator: ", ")
            let value = allValues.map { $0.joined(separator: "|") } ?? valueName ?? ""
            return kind == "flag" ? spellings : kind == "option" ? "\(spellings) \(value)" : value
        }

        var text: String {
            let standard = defaultValue.map { " (default: \($0))" } ?? ""
            return (abstract ?? "") + standard
        }
    }

    private struct Document: Decodable {
        let command: CommandHelp
    }

    let commandName: String
    let abstract: String?
    let discussion: String?
    let arguments: [Argument]?
    let subcommands: [CommandHelp]?
    let shouldDisplay: Bool

    var shownArguments: [Argument] { (arguments ?? []).filter(\.shouldDisplay) }

    /// The whole program.
    static func program() throws -> CommandHelp {
        try JSONDecoder().decode(Document.self, from: Data(ApusCommand._dumpHelp().utf8)).command
    }
}
