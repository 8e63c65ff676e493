import ArgumentParser
import GraphIR
import ModelFormats

/// `apus run`: one run over tensors from files.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a model once over tensors from files.",
        discussion: """
            The inputs' folder holds inputs.json, a list of {"index", "name", "kind", "dtype", "shape", "npy", "pb"}, and the \
            values beside it as input_<i>.npy or input_<i>.pb; a sequence lists its elements as "items". Outputs are written as \
            output_<i>.npy, or output_<i>.pb for strings, in the order of the signature's outputs: a sequence as \
            output_<i>_<j>.npy or output_<i>.empty, an optional without a value as output_<i>.none, maps (ZipMap) as a table \
            output_<i>.npy with their keys in output_<i>.keys.json. Of types that NumPy \
            has not (bfloat16, floats of 8 bits, anything narrower) a file holds the bits, one unsigned integer for each element.
            """)

    @Argument(help: "An .onnx file, or a version directory with one or with a SavedModel.", completion: .file())
    var model: String

    @Option(help: ArgumentHelp("Folder with the inputs.", valueName: "folder"), completion: .directory)
    var inputs: String

    @Option(help: ArgumentHelp("Folder for the outputs; made when missing.", valueName: "folder"), completion: .directory)
    var outputs: String

    @Option(help: ArgumentHelp("Signature to run; the default is serving_default.", valueName: "name"))
    var signature: String?

    @Option(help: "Whether the graph is optimised first.")
    var optimizer = OptimizerSwitch.on

    func run() throws {
        let file = try ModelFile(path: model)
        let signature = try file.signature(signature)
        let values = try InputListing(directory: inputs).values(for: signature)
        try file.initialise()
        let engine = try file.engine(signature, for: values, isOptimized: optimizer == .on)
        try OutputFiles.write(file.run(engine, values), of: signature.outputs, to: outputs)
    }
}

/// `on` or `off`.
enum OptimizerSwitch: String, ExpressibleByArgument, CaseIterable {
    case on, off
}
