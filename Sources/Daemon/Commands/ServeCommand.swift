import ArgumentParser

/// `apus serve`: the daemon.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the daemon.",
        discussion: """
            Ends with SIGTERM or SIGINT, after every accepted request has its answer. SIGHUP reads the configuration again.

            \(ConfigurationOptions.flagsDiscussion)
            """,
        version: Version.number)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    func run() async throws {
        let loader = options.loader
        let configuration = try loader.load()
        let log = LogOutput(configuration.log, environment: ProcessEnvironment.variables)
        let serve = Serve(
            configuration: configuration, reload: { try loader.load() }, environment: ProcessEnvironment.variables,
            threshold: log.threshold, logger: log.logger("apus"))
        try await serve.run()
    }
}
