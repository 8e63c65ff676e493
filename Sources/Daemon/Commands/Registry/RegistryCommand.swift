import ArgumentParser

/// `apus registry`: what the registry keeps.
struct RegistryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registry", abstract: "Change what the registry keeps.", subcommands: [TokenCommand.self])
}
