/// apus(1), from what the parser knows of the commands.
enum ProgramManual {
    static func blocks(_ program: CommandHelp) -> [ManualBlock] {
        // `help` is the parser's own, and the same as --help.
        let commands = (program.subcommands ?? []).flatMap { leaves($0, path: []) }
        var blocks: [ManualBlock] = [.section("Synopsis")]
        blocks += commands.map { .paragraph(synopsis($0.name, $0.help)) }
        blocks.append(.section("Description"))
        blocks += paragraphs(program.discussion)
        blocks += [.section("Commands"), .paragraph("Every command takes `--help` and `--version`.")]
        for command in commands { blocks += section(command.name, command.help) }
        return blocks + fixedSections
    }

    /// A command, or of one that only holds others all of these, each with its whole name.
    private static func leaves(_ command: CommandHelp, path: [String]) -> [(name: String, help: CommandHelp)] {
        guard command.shouldDisplay, command.commandName != "help" else { return [] }
        let path = path + [command.commandName]
        let inner = (command.subcommands ?? []).flatMap { leaves($0, path: path) }
        return inner.isEmpty ? [(path.joined(separator: " "), command)] : inner
    }

    private static func synopsis(_ name: String, _ command: CommandHelp) -> String {
        let own = command.shownArguments.filter { $0.sectionTitle == nil && !isHelp($0) }
        let parts = own.map { argument in
            let text = argument.term + (argument.isRepeating ? "..." : "")
            return argument.isOption || argument.isOptional ? "[\(text)]" : text
        }
        let hasShared = command.shownArguments.contains { $0.sectionTitle != nil }
        return (["`apus \(name)`"] + (hasShared ? ["[configuration]"] : []) + parts).joined(separator: " ")
    }

    private static func section(_ name: String, _ command: CommandHelp) -> [ManualBlock] {
        var blocks: [ManualBlock] = [.subsection(name)]
        if let abstract = command.abstract { blocks.append(.paragraph(abstract)) }
        blocks += paragraphs(command.discussion)
        for argument in command.shownArguments where !isHelp(argument) && !(argument.abstract ?? "").isEmpty {
            // The options of the configuration are the same for each command that has them.
            guard argument.sectionTitle == nil || name == "serve" else { continue }
            blocks.append(.item(argument.term, argument.text))
        }
        if name != "serve", command.shownArguments.contains(where: { $0.sectionTitle != nil }) {
            blocks.append(.paragraph("The options of the configuration are those of `serve`."))
        }
        return blocks
    }

    private static func isHelp(_ argument: CommandHelp.Argument) -> Bool {
        (argument.names ?? []).contains { ["help", "h", "version"].contains($0.name) }
    }

    /// Lines that are indented, or begin with a command of a shell, are examples.
    private static func paragraphs(_ text: String?) -> [ManualBlock] {
        (text ?? "").split(separator: "\n\n").flatMap { paragraph -> [ManualBlock] in
            let lines = paragraph.split(separator: "\n")
            let prose = lines.prefix { !$0.hasPrefix("  ") }
            let example = lines.dropFirst(prose.count)
            var blocks: [ManualBlock] = prose.isEmpty ? [] : [.paragraph(prose.joined(separator: " "))]
            if !example.isEmpty { blocks.append(.example(example.map { String($0.drop { $0 == " " }) })) }
            return blocks
        }
    }

    private static let fixedSections: [ManualBlock] =
        [.section("Signals")] + items(signals) + [.section("Exit status")] + items(exitCodes) + [.section("Environment")]
        + items(environment) + [.section("Files")] + items(files) + [.section("Examples")] + examples
        + [.section("See also"), .paragraph("`apus.yaml`(5), `apus-models`(7), `systemctl`(1), `curl`(1)")]

    private static func items(_ pairs: [(String, String)]) -> [ManualBlock] { pairs.map { .item("`\($0.0)`", $0.1) } }

    private static let signals = [
        (
            "SIGTERM, SIGINT",
            "Ends the daemon: /readyz answers 503 and requests are still accepted for server.drain_delay, then the listeners close, and "
                + "requests under way have server.drain_timeout to end. The log and the service manager's status say what is waited "
                + "for. A second one ends the daemon at once."
        ),
        (
            "SIGHUP",
            "Reads the configuration and the files of TLS again, and opens the access log again; no connection is lost. The log says what "
                + "has changed, key by key, and what waits for the next start. A configuration with an error is refused whole and the "
                + "old one stays; the status, apus_config_last_reload_successful and an event in the registry show it."
        ),
    ]

    private static let exitCodes = [
        ("0", "Success."), ("1", "Failed; of `status`: the daemon is not ready."),
        ("3", "The model uses something unsupported; the message names the operator, its domain and version, and the node."),
        ("64", "Usage: the command line is wrong."), ("65", "A damaged model or file."),
        ("69", "Unavailable: a port or a registry in use, no daemon at an address."), ("74", "Input or output failed."),
        ("77", "No permission."), ("78", "The configuration is wrong."),
    ]

    private static let environment = [
        (
            "APUS_KEY",
            "Sets a key of the configuration, upper case with _ for dots: APUS_SERVER_PORT=8080. TensorFlow Serving's flags are taken as "
                + "well: APUS_REST_API_PORT."
        ),
        (
            "LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES",
            "Sockets that the service manager hands over, see sd_listen_fds(3); they take the place of server.address."
        ),
        ("NOTIFY_SOCKET", "Where the service manager is notified of the start, reloads and the stop, see sd_notify(3)."),
        (
            "WATCHDOG_USEC, WATCHDOG_PID",
            "Within which the service manager wants signs of life, see sd_watchdog_enabled(3); they are sent as long as every loop and "
                + "every lane gets on."
        ),
        (
            "CREDENTIALS_DIRECTORY",
            "The folder of the credentials that the service manager hands over; files of TLS are named in it as `credential:name`."
        ),
        ("STATE_DIRECTORY", "The folder of the registry where registry.path does not say, see systemd.exec(5)."),
        ("APUS_ISA", "Forces an instruction set of the kernels: avx512, avx2, neon or portable."),
        ("NO_COLOR", "With any value: no colour on a terminal."),
    ]

    private static let files = [
        ("/etc/apus/apus.yaml", "The configuration of the service, see apus.yaml(5). `apus check` takes it when nothing else is named."),
        ("/var/lib/apus/models", "The models of the service, see apus-models(7)."),
        ("/var/lib/apus/registry.sqlite", "The record of models, versions and events."),
        ("/run/apus", "The folder for a Unix socket of the service."),
        ("/var/log/apus", "The folder for the access log and the request log of the service."),
    ]

    private static let examples: [ManualBlock] = [
        .paragraph("Serve one model, and call it:"),
        .example([
            "apus serve --model_name=digits --model_base_path=/srv/models/digits --rest_api_port=8501",
            "curl -d '{\"instances\":[1.0,2.0,5.0]}' http://127.0.0.1:8501/v1/models/half_plus_two:predict",
        ]),
        .paragraph("Check the system's configuration before it is reloaded:"),
        .example(["apus check && systemctl reload apus"]),
        .paragraph("Watch a running daemon over its Unix socket:"),
        .example(["apus status --socket /run/apus/apus.sock --watch"]),
        .paragraph("Measure a running daemon at 2000 requests a second:"),
        .example(["apus bench models/digits --url http://127.0.0.1:8501 --clients 64 --rate 2000 --seconds 30"]),
        .paragraph("Where does the time of a model go?"),
        .example(["apus bench model.onnx --profile"]),
    ]
}
