import ArgumentParser

/// `apus bench`: how fast a model runs without any HTTP, or how fast a daemon answers requests that it has recorded.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure how fast a model runs, or a daemon answers recorded requests.",
        discussion: """
            Without --inputs, made-up values are run: one row, or as many as --batch says.

            With --replay and no model, the requests of a request log (request_log.path) are sent to a running daemon again, each once
            or, with --seconds, over and over.
            """)

    @Argument(help: "An .onnx file, or a version directory with one or with a SavedModel.", completion: .file())
    var model: String?

    @Option(help: ArgumentHelp("File of a request log, JSON lines or TFRecord, to be sent again.", valueName: "file"), completion: .file())
    var replay: String?

    @Option(help: ArgumentHelp("The daemon that recorded requests are sent to.", valueName: "url"))
    var url = "http://127.0.0.1:8501"

    @Option(help: ArgumentHelp("Clients that send recorded requests at the same time.", valueName: "count"))
    var clients = 1

    @Option(help: ArgumentHelp("Folder with the inputs, as for apus run.", valueName: "folder"), completion: .directory)
    var inputs: String?

    @Option(help: ArgumentHelp("Shape of a made-up input, such as image=1,3,224,224; may be repeated.", valueName: "name=extents"))
    var shape: [String] = []

    @Option(help: ArgumentHelp("Rows of the made-up inputs.", valueName: "rows"))
    var batch: Int?

    @Option(help: ArgumentHelp("Threads that run the model at the same time.", valueName: "count"))
    var lanes = 1

    @Option(help: ArgumentHelp("How long to measure; 3 when not given, and for --replay until each request was sent.", valueName: "s"))
    var seconds: Double?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard (model == nil) != (replay == nil) else {
            throw ValidationError("give either a model to run, or --replay with the file of a request log")
        }
        guard replay == nil || (inputs == nil && shape.isEmpty && batch == nil && lanes == 1) else {
            throw ValidationError("--replay sends what was recorded; leave --inputs, --shape, --batch and --lanes out")
        }
        guard (1...1_024).contains(clients) else { throw ValidationError("--clients is \(clients); expected 1 to 1024") }
        guard inputs == nil || (shape.isEmpty && batch == nil) else {
            throw ValidationError("--inputs brings its own shapes; leave --shape and --batch out")
        }
        guard (1...1_024).contains(lanes) else { throw ValidationError("--lanes is \(lanes); expected 1 to 1024") }
        guard batch.map({ (1...1_000_000).contains($0) }) ?? true else { throw ValidationError("--batch is out of 1 to 1000000") }
        guard seconds.map({ $0 > 0 && $0 <= 3_600 }) ?? true else {
            throw ValidationError("--seconds is \(seconds ?? 0); expected more than 0, up to 3600")
        }
    }

    func run() throws {
        if let replay {
            let report = try Replay(path: replay, url: url, clientCount: clients, duration: seconds.map { .seconds($0) }).run()
            return json ? try JSONOutput.print(report) : print(report.text)
        }
        let report = try Benchmark(
            path: model ?? "", inputDirectory: inputs, shapes: shape, batch: batch, laneCount: lanes, duration: .seconds(seconds ?? 3)
        ).run()
        json ? try JSONOutput.print(report) : print(report.text)
    }
}
