import ArgumentParser

/// `apus inspect`: what a model holds.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what a model holds: format, signatures, nodes, plan, memory.")

    @Argument(help: "An .onnx file, a version directory with one or with a SavedModel, or a folder of versions.", completion: .file())
    var model: String

    @Option(help: "Show this stage in full: the file's graph, the typed graph, the optimised graph, or the plan for one row.")
    var stage: InspectionStage?

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let file = try Progress.during("loading \(model)") { try ModelFile(path: model) }
        guard let stage else {
            let summary = try Progress.during("preparing \(model)") { try ModelSummary(file) }
            return json ? try JSONOutput.print(summary) : print(summary.text)
        }
        try Inspection(file: file, stage: stage).print(asJSON: json)
    }
}

/// What `apus inspect --stage` shows.
enum InspectionStage: String, ExpressibleByArgument, CaseIterable {
    case source, graph, optimized, plan
}
