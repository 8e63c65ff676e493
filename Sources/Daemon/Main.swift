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
            var command = try ApusCommand.parseAsRoot(arguments)
            _ = try InstructionSet.requested()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    private static func end(with error: any Error) -> Never {
        if let failure = error as? LoggedFailure { Glibc.exit(failure.status.rawValue) }
        guard let failure = CommandFailure(error) else { ApusCommand.exit(withError: error) }
        for line in failure.message.split(separator: "\n") { StandardError.print("apus: error: \(line)") }
        Glibc.exit(failure.status.rawValue)
    }
}
