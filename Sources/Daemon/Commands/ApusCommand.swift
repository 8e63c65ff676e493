import ArgumentParser

/// `apus`: the command that holds the others.
struct ApusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "Serves machine-learning models over HTTP.",
        discussion: """
            Apus loads ONNX models and TensorFlow SavedModels from numbered version directories, as TensorFlow Serving lays \
            them out, answers predict requests in its REST dialect and in the Open Inference Protocol, and swaps versions while \
            requests run.

            Exit codes: 0 success; 1 failed; 3 the model uses something unsupported; 64 usage; 65 damaged model or file; \
            69 unavailable, such as a port in use; 74 input or output; 77 permission; 78 configuration.
            """,
        version: Version.number,
        subcommands: subcommands)

    private static let subcommands: [any ParsableCommand.Type] = [
        ServeCommand.self, CheckCommand.self, StatusCommand.self, InspectCommand.self, RunCommand.self, BenchCommand.self,
        RegistryCommand.self, VersionCommand.self, ManualCommand.self,
    ]

    /// As they are written, in the order of the help.
    static let shownNames = subcommands.filter { $0.configuration.shouldDisplay }.compactMap { $0.configuration.commandName } + ["help"]
    static let names = subcommands.compactMap { $0.configuration.commandName } + ["help"]
}
