import ArgumentParser

/// `apus bench`: how fast a model runs without any HTTP, or how fast a running daemon answers.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure how fast a model runs, or how fast a running daemon answers.",
        discussion: """
            A model alone is run in this process, without HTTP. Without --inputs, made-up values are run: one row, or as many as --batch \
            says.

            With --url, a running daemon is measured: the requests are --body, or made up for the model, or those of --replay. Each of \
            --clients sends its next request when the last is answered; with --rate, requests are sent at that rate whether answered or \
            not, and latency counts from when each was due.

            Ctrl-C ends a measurement and prints what was measured until then.

            Examples:
              apus bench models/digits --batch 32 --lanes 2
              apus bench models/digits --url http://127.0.0.1:8501 --clients 16
              apus bench --url http://127.0.0.1:8501/v1/models/digits:predict --body request.json --clients 64 --rate 2000
            """)

    @Argument(help: "An .onnx file, a version directory with one or with a SavedModel, or a folder of versions.", completion: .file())
    var model: String?

    @Option(help: ArgumentHelp("File of a request log, JSON lines or TFRecord, to be sent again.", valueName: "file"), completion: .file())
    var replay: String?

    @Option(
        help: ArgumentHelp(
            "The daemon to measure, with a path for --body; unix:/PATH for a Unix socket. \(DaemonAddress.standardURL) for --replay.",
            valueName: "url"))
    var url: String?

    @Option(help: ArgumentHelp("Body of every request: JSON, .npy, .npz, .jpg or .png.", valueName: "file"), completion: .file())
    var body: String?

    @Option(help: ArgumentHelp("Clients that send requests at the same time.", valueName: "count"))
    var clients = 1

    @Option(help: ArgumentHelp("Requests a second, sent whether or not earlier ones are answered.", valueName: "rate"))
    var rate: Double?

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

    @Flag(help: "Time each operator of the model.")
    var profile = false

    @Flag(help: "Show how latencies are distributed.")
    var histogram = false

    @Flag(help: "Print one JSON object.")
    var json = false

    private var isOfDaemon: Bool { url != nil || replay != nil || body != nil }

    func validate() throws {
        try validateSource()
        guard (1...1_024).contains(clients) else { throw ValidationError("--clients is \(clients); expected 1 to 1024") }
        guard rate.map({ $0 > 0 && $0 <= 1_000_000 }) ?? true else {
            throw ValidationError("--rate is \(rate ?? 0); expected more than 0, up to 1000000 requests a second")
        }
        guard inputs == nil || (shape.isEmpty && batch == nil) else {
            throw ValidationError("--inputs brings its own shapes; leave --shape and --batch out")
        }
        guard (1...1_024).contains(lanes) else { throw ValidationError("--lanes is \(lanes); expected 1 to 1024") }
        guard batch.map({ (1...1_000_000).contains($0) }) ?? true else { throw ValidationError("--batch is out of 1 to 1000000") }
        guard seconds.map({ $0 > 0 && $0 <= 3_600 }) ?? true else {
            throw ValidationError("--seconds is \(seconds ?? 0); expected more than 0, up to 3600")
        }
    }

    private func validateSource() throws {
        let sourceCount = [model, replay, body].count { $0 != nil }
        guard sourceCount == 1 else {
            throw ValidationError(
                "give either a model to run, or --replay with the file of a request log, or --url with --body or a model")
        }
        guard isOfDaemon else {
            guard clients == 1, rate == nil else { throw ValidationError("--clients and --rate are of requests; add --url") }
            return
        }
        guard inputs == nil, lanes == 1, !profile else {
            throw ValidationError("--inputs, --lanes and --profile are of a model that runs here; leave them out, or leave --url out")
        }
        guard model != nil || (shape.isEmpty && batch == nil) else {
            throw ValidationError("--shape and --batch are of made-up values; leave them out")
        }
        guard body == nil || url != nil else { throw ValidationError("--body is sent to a daemon; add --url with the path to send it to") }
    }

    func run() throws {
        let samples = try SampleInputs(parsing: shape, rowCount: batch ?? 1)
        if isOfDaemon { return try measureDaemon(samples) }
        let report = try Benchmark(
            path: model ?? "", inputDirectory: inputs, samples: samples, batch: batch, laneCount: lanes,
            duration: .seconds(seconds ?? 3), profiles: profile
        ).run()
        json ? try JSONOutput.print(report) : print(report.text(showsHistogram: histogram))
    }

    private func measureDaemon(_ samples: SampleInputs) throws {
        let address = try DaemonAddress(url: url ?? DaemonAddress.standardURL)
        let traffic = Traffic(
            address: address, requests: try requests(address, samples), clientCount: clients, rate: rate,
            duration: seconds.map { .seconds($0) } ?? (replay == nil ? .seconds(3) : nil))
        let report = TrafficReport(traffic, file: replay, measured: try traffic.run())
        json ? try JSONOutput.print(report) : print(report.text(showsHistogram: histogram))
    }

    private func requests(_ address: DaemonAddress, _ samples: SampleInputs) throws -> [OutgoingRequest] {
        if let replay { return try TrafficSource.recorded(replay) }
        guard let body else { return [try TrafficSource.samples(model ?? "", samples, path: address.path)] }
        guard !address.path.isEmpty, address.path != "/" else {
            throw CommandFailure(
                .usage, "--url \(url ?? ""): names no path to send \(body) to; add one, such as /v1/models/NAME:predict")
        }
        return [try TrafficSource.file(body, path: address.path)]
    }
}
