import ArgumentParser
import Registry

/// `apus registry token`: the secrets by which clients may change what is served.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make, list and withdraw access tokens.",
        discussion: """
            A client shows a token as "Authorization: Bearer TOKEN". Loading and unloading models needs the role admin, unless the \
            request comes over a Unix socket. Tokens are made and withdrawn while the daemon runs, too; run the command as the \
            daemon's user, who has to read the registry's files.
            """,
        subcommands: [Create.self, List.self, Revoke.self])

    static func store(_ options: ConfigurationOptions) throws -> TokenStore {
        try TokenStore(path: try options.loader.load().registry.path)
    }

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Make a token and print it, once: it is kept nowhere.",
            discussion: ConfigurationOptions.flagsDiscussion)

        @Option(help: "What the token is called in the registry's events.")
        var name: String

        @Option(help: "predict or admin.")
        var role: AccessToken.Role

        @OptionGroup(title: "Configuration")
        var options: ConfigurationOptions

        func validate() throws {
            guard !name.isEmpty, name.utf8.count <= 128, name.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
                throw ValidationError("--name \"\(name)\" must have 1 to 128 bytes without white space")
            }
        }

        func run() throws {
            let store = try TokenCommand.store(options)
            guard let token = try store.create(name: name, role: role) else {
                throw CommandFailure(
                    .failed, "there is a token \"\(name)\" already; take another name, or withdraw it with \"apus registry token revoke\"")
            }
            try store.close()
            print(token)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List names, roles and times of making of all tokens.",
            discussion: ConfigurationOptions.flagsDiscussion)

        @OptionGroup(title: "Configuration")
        var options: ConfigurationOptions

        func run() throws {
            let store = try TokenCommand.store(options)
            for token in try store.list() { print("\(token.created)  \(token.role.rawValue)  \(token.name)") }
            try store.close()
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Withdraw a token: it is refused from now on.",
            discussion: ConfigurationOptions.flagsDiscussion)

        @Option(help: "The token's name.")
        var name: String

        @OptionGroup(title: "Configuration")
        var options: ConfigurationOptions

        func run() throws {
            let store = try TokenCommand.store(options)
            guard try store.revoke(name: name) else {
                throw CommandFailure(.failed, "there is no token \"\(name)\"; see \"apus registry token list\"")
            }
            try store.close()
        }
    }
}

extension AccessToken.Role: ExpressibleByArgument {}
