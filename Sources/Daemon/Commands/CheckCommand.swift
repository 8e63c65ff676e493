import ArgumentParser

/// `apus check`: whether what would be served can be served.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validate configuration and every configured model, or just the models named; serve nothing.",
        discussion: ConfigurationOptions.flagsDiscussion)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Argument(help: "An .onnx file, or a version directory with one or with a SavedModel; may be repeated.", completion: .file())
    var models: [String] = []

    func run() throws {
        var check = ModelCheck()
        if models.isEmpty {
            let configuration = try options.loader.load()
            for warning in configuration.warnings { StandardError.warning(warning) }
            print("configuration is valid: \(configuration.configPath ?? "from the command line and the environment")")
            check.check(configuration)
        } else {
            guard options.arguments == ConfigurationArguments() else {
                throw CommandFailure(.usage, "give either models or a configuration to check, not both")
            }
            for model in models { check.check(path: model, name: model) }
        }
        try check.finish()
    }
}
