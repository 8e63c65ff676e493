/// The first word of a command line.
enum CommandName {
    /// - Throws: a usage error with a suggestion, where the word names no command.
    static func check(_ arguments: [String], among names: [String], shown: [String]) throws(CommandFailure) {
        var words = arguments.prefix { $0 != "--" }.filter { !$0.hasPrefix("-") }[...]
        guard let first = arguments.first, !first.hasPrefix("-"), let name = words.popFirst() else { return }
        let wanted = name == "help" ? words.popFirst() : name
        guard let wanted, !names.contains(wanted) else { return }
        let nearest = NearestName.nearest(to: wanted, among: shown).map { "did you mean \($0)? " } ?? ""
        throw CommandFailure(
            .usage, "there is no command \"\(wanted)\"; \(nearest)the commands are \(shown.joined(separator: ", "))")
    }
}
