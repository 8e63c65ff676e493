import ArgumentParser

/// `apus bench`: how fast a model runs, without any HTTP.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure how fast a model runs.",
        discussion: "Without --inputs, made-up values are run: one row, or as many as --batch says.")

    @Argument(help: "An .onnx file, or a version directory with one or with a SavedModel.", completion: .file())
    var model: String

    @Option(help: ArgumentHelp("Folder with the inputs, as for apus run.", valueName: "folder"), completion: .directory)
    var inputs: String?

    @Option(help: ArgumentHelp("Shape of a made-up input, such as image=1,3,224,224; may be repeated.", valueName: "name=extents"))
    var shape: [String] = []

    @Option(help: ArgumentHelp("Rows of the made-up inputs.", valueName: "rows"))
    var batch: Int?

    @Option(help: ArgumentHelp("Threads that run the model at the same time.", valueName: "count"))
    var lanes = 1

    @Option(help: ArgumentHelp("How long to measure.", valueName: "s"))
    var seconds = 3.0

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard inputs == nil || (shape.isEmpty && batch == nil) else {
            throw ValidationError("--inputs brings its own shapes; leave --shape and --batch out")
        }
        guard (1...1_024).contains(lanes) else { throw ValidationError("--lanes is \(lanes); expected 1 to 1024") }
        guard batch.map({ (1...1_000_000).contains($0) }) ?? true else { throw ValidationError("--batch is out of 1 to 1000000") }
        guard seconds > 0, seconds <= 3_600 else { throw ValidationError("--seconds is \(seconds); expected more than 0, up to 3600") }
    }

    func run() throws {
        let report = try Benchmark(
            path: model, inputDirectory: inputs, shapes: shape, batch: batch, laneCount: lanes, duration: .seconds(seconds)
        ).run()
        json ? try JSONOutput.print(report) : print(report.text)
    }
}
