import ArgumentParser

/// `apus serve`: the daemon.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the daemon.",
        discussion: """
            Ends with SIGTERM or SIGINT, after every accepted request has its answer, and at once with a second one. SIGHUP reads the
            configuration again.

            \(ConfigurationOptions.flagsDiscussion)
            """,
        version: Version.number)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    func run() async throws {
        let loader = options.loader, environment = ProcessEnvironment.variables
        do {
            try await serve(loader, environment)
        } catch {
            guard let failure = CommandFailure(error) else { throw error }
            throw LoggedFailure(failure, loader.logConfiguration, environment: environment) ?? failure as any Error
        }
    }

    private func serve(_ loader: ConfigurationLoader, _ environment: [String: String]) async throws {
        let configuration = try loader.load()
        let log = LogOutput(configuration.log, environment: environment)
        let serve = Serve(
            configuration: configuration, reload: { try loader.load() }, environment: environment, threshold: log.threshold,
            logger: log.logger("apus"))
        try await serve.run()
    }
}
