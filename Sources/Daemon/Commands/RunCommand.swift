import ArgumentParser
import GraphIR
import Inference
import ModelFormats

/// `apus run`: one run of a model.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a model once and print or write its outputs.",
        discussion: """
            Inputs are NumPy files (--input), a request's body (--json), or a folder (--inputs). Outputs are printed as JSON, as a \
            daemon would answer, or written into the folder --outputs.

            Examples:
              apus run models/half_plus_two --input x=x.npy
              echo '{"instances":[1,2,5]}' | apus run models/half_plus_two --json -

            The folder --inputs holds inputs.json, a list of {"index", "name", "kind", "dtype", "shape", "npy", "pb"}, and the values \
            beside it as input_<i>.npy or input_<i>.pb. "kind" is tensor; sequence, which lists its elements as "items"; or none, for an \
            optional input that is left out. Outputs are written as output_<i>.npy, or output_<i>.pb for strings, in the order of the \
            signature's outputs: a sequence as output_<i>_<j>.npy or output_<i>.empty, an optional without a value as output_<i>.none, \
            maps (ZipMap) as a table output_<i>.npy with their keys in output_<i>.keys.json. Of types that NumPy does not have \
            (bfloat16, floats of 8 bits, anything narrower) a file holds the bits, one unsigned integer for each element.
            """)

    @Argument(help: "An .onnx file, a version directory with one or with a SavedModel, or a folder of versions.", completion: .file())
    var model: String

    @Option(help: ArgumentHelp("An input and its NumPy file; once for each input.", valueName: "name=x.npy"))
    var input: [String] = []

    @Option(
        name: .customLong("json"),
        help: ArgumentHelp("A predict request's body, \"instances\" or \"inputs\"; - reads it from standard input.", valueName: "file"),
        completion: .file())
    var json: String?

    @Option(help: ArgumentHelp("Folder with the inputs.", valueName: "folder"), completion: .directory)
    var inputs: String?

    @Option(
        help: ArgumentHelp("Folder for the outputs, made when missing; without it they are printed as JSON.", valueName: "folder"),
        completion: .directory)
    var outputs: String?

    @Option(help: ArgumentHelp("Signature to run; the default is serving_default.", valueName: "name"))
    var signature: String?

    @Option(help: "Whether the graph is optimised first.")
    var optimizer = OptimizerSwitch.on

    @Flag(help: "Time each operator and print the times on standard error.")
    var profile = false

    func validate() throws {
        guard [!input.isEmpty, json != nil, inputs != nil].count(where: { $0 }) == 1 else {
            throw ValidationError("give the inputs by one of --input NAME=FILE, --json FILE and --inputs FOLDER")
        }
    }

    func run() throws {
        let file = try Progress.during("loading \(model)") { try ModelFile(path: model) }
        let request = try self.request(file)
        try file.initialise()
        let engine = try Progress.during("preparing \(model)") {
            try file.engine(request.signature, for: request.values, isOptimized: optimizer == .on)
        }
        let times = profile ? StepProfile() : nil
        let results = try Progress.during("running \(model)") { try file.run(engine, request.values, profile: times) }
        if let outputs {
            try OutputFiles.write(results, of: request.signature.outputs, to: outputs)
        } else {
            print(try request.text(of: results))
        }
        if let times { ProfileReport(times.entries, runs: 1).lines.forEach(StandardError.print) }
    }

    private func request(_ file: ModelFile) throws -> RunRequest {
        if let json { return try RunRequest(json: json, file, signature: signature) }
        let named = try file.signature(signature)
        if let inputs { return RunRequest(named, try InputListing(directory: inputs).values(for: named)) }
        return RunRequest(named, try InputListing(files: try input.map(Self.namedFile)).values(for: named))
    }

    private static func namedFile(_ text: String) throws -> (name: String, path: String) {
        guard let equals = text.lastIndex(of: "="), equals != text.startIndex, text.index(after: equals) != text.endIndex else {
            throw CommandFailure(.usage, "--input \(text): expected NAME=FILE, such as x=x.npy")
        }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }
}

/// `on` or `off`.
enum OptimizerSwitch: String, ExpressibleByArgument, CaseIterable {
    case on, off
}
