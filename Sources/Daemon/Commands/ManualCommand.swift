import ArgumentParser

/// `apus manual`: the manual pages, for whoever packages the program.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Print a manual page: apus.1, apus.yaml.5 or apus-models.7.", shouldDisplay: false)

    @Argument(help: "Name of the page.")
    var page: ManualPage

    @Option(help: ArgumentHelp("The configuration reference, of which apus.yaml.5 is made.", valueName: "file"))
    var reference = "config/apus.yaml"

    func run() throws {
        var text = ""
        if page == .configuration {
            do throws(FileFault) {
                text = try FileReader.text(of: reference)
            } catch {
                throw CommandFailure(.inputOutput, "--reference \(reference): \(error)")
            }
        }
        print(try page.roff(reference: text).text)
    }
}

extension ManualPage: ExpressibleByArgument {}
