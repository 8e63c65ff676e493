import ArgumentParser
import Glibc
import Operators

/// Starts the command that the arguments name, and ends the process as its outcome asks.
@main
enum Main {
    static func main() async {
        // Whoever reads our output may leave; that is an error of a write, not a signal.
        signal(SIGPIPE, SIG_IGN)
        do {
            let arguments = try FlagSpelling.normalized(Array(CommandLine.arguments.dropFirst()))
            try CommandName.check(arguments, among: ApusCommand.names, shown: ApusCommand.shownNames)
            var command = try ApusCommand.parseAsRoot(arguments)
            _ = try InstructionSet.requested()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            try StandardOutput.finish()
        } catch {
            end(with: error)
        }
    }

    private static func end(with error: any Error) -> Never {
        if let failure = error as? LoggedFailure { Glibc.exit(failure.status.rawValue) }
        if let failure = CommandFailure(error) { end(failure) }
        // What the parser throws is an error of usage, or text that was asked for, such as help.
        let text = ApusCommand.fullMessage(for: error), code = ApusCommand.exitCode(for: error)
        guard code == .success else {
            guard !text.isEmpty else { Glibc.exit(code.rawValue) }
            let prefix = "Error: "
            let message = text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
            let lines = message.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            StandardError.error(String(lines[0]))
            if lines.count > 1 { StandardError.print(String(lines[1])) }
            Glibc.exit(code.rawValue)
        }
        print(text)
        do throws(CommandFailure) { try StandardOutput.finish() } catch { end(error) }
        Glibc.exit(code.rawValue)
    }

    private static func end(_ failure: CommandFailure) -> Never {
        StandardError.error(failure.message)
        Glibc.exit(failure.status.rawValue)
    }
}
