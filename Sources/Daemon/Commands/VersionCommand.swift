import ArgumentParser

/// `apus version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print version, math libraries, instruction set and model formats.")

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let build = BuildInformation.current
        guard !json else { return try JSONOutput.print(build) }
        print("apus \(build.version)")
        print("instruction set  \(build.isa) (this processor runs \(build.isas.joined(separator: ", ")))")
        print("math             \(build.math.joined(separator: ", "))")
        print("formats          \(build.formats.joined(separator: ", "))")
        print("operators        \(build.operators.count) (--json lists them)")
    }
}
