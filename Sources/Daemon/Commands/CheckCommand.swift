import ArgumentParser
import Glibc

/// `apus check`: whether what would be served can be served.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validate configuration and every configured model, or just the models named; serve nothing.",
        discussion: """
            Everything that would keep the daemon from starting is found: the configuration, addresses and sockets, groups, certificates, \
            the registry, files of logs, and each model as far as its first row. Nothing is made, and a daemon that runs is not disturbed.

            Without arguments, \(systemPath) is checked when it is there.

            \(ConfigurationOptions.flagsDiscussion)
            """)

    /// Of an installed system.
    static let systemPath = "/etc/apus/apus.yaml"

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Flag(
        name: .customLong("print"),
        help: "Print the configuration in force as YAML, each value with where it comes from, and check nothing else.")
    var prints = false

    @Argument(
        help: "An .onnx file, a version directory with one or with a SavedModel, or a folder of versions; may be repeated.",
        completion: .file())
    var models: [String] = []

    func run() throws {
        guard models.isEmpty else { return try checkModels() }
        let loader = loader
        guard !prints else { return print(try EffectiveConfiguration(loader).text) }
        let configuration = try loader.load()
        for warning in configuration.warnings { StandardError.warning(warning) }
        print("configuration is valid: \(configuration.configPath ?? "from the command line and the environment")")
        var check = ModelCheck()
        check.check(configuration)
        try check.finish()
    }

    private func checkModels() throws {
        guard options.arguments == ConfigurationArguments(), !prints else {
            throw CommandFailure(.usage, "give either models or a configuration to check, not both")
        }
        var check = ModelCheck()
        for model in models { check.check(path: model, name: model) }
        try check.finish()
    }

    private var loader: ConfigurationLoader {
        var arguments = options.arguments
        if arguments == ConfigurationArguments(), access(Self.systemPath, F_OK) == 0 { arguments.configPath = Self.systemPath }
        return options.loader(arguments)
    }
}
