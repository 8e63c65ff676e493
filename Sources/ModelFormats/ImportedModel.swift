package import GraphIR

/// A model as its files state it.
package struct ImportedModel: Sendable {
    /// The importer's `formatName`.
    package let format: String
    /// What all signatures share, with calls of functions as nodes. Its initialisers are the model's constants: every graph made of
    /// this one holds the same storage. To run a signature, take `graph(for:)`.
    package let graph: SourceGraph
    /// The functions that the graph and other functions call.
    package let functions: [SourceFunction]
    package let signatures: [Signature]
    /// Files whose paths the graph reads.
    package let assets: [ModelAsset]
    /// What the file says of itself: producer, versions, its own properties.
    package let metadata: [String: String]
    /// The model file and the weight files it refers to.
    package let files: ModelFiles
    private let context: ImportContext

    init(
        format: String, graph: SourceGraph, functions: [SourceFunction] = [], signatures: [Signature], assets: [ModelAsset] = [],
        metadata: [String: String], files: [ModelFile], context: ImportContext
    ) {
        self.format = format
        self.graph = graph
        self.functions = functions
        self.signatures = signatures
        self.assets = assets
        self.metadata = metadata
        self.files = ModelFiles(all: files)
        self.context = context
    }

    /// Bytes of all the model's files.
    package var byteCount: Int { files.byteCount }

    /// SHA-256 of the model in hexadecimal; see `ModelFiles.digest`.
    package func digest() throws -> String { try files.digest() }

    package func signature(_ name: String) -> Signature? { signatures.first { $0.name == name } }

    // MARK: Graphs to run

    /// What runs for a signature: its inputs are exactly the signature's, its outputs the signature's, both in order; its nodes are
    /// those that the outputs depend on, in an order in which they can run; no node is a call.
    ///
    /// An input may be any value of the graph, which is cut there.
    ///
    /// - Throws: `.malformed` when the signature names values that the graph does not have, an output depends on a graph input that
    ///   the signature lacks, or a function calls itself; `.limitExceeded` when functions multiply nodes beyond the limit.
    package func graph(for signature: Signature) throws(ImportError) -> SourceGraph {
        let values = { (parameters: [Signature.Parameter]) in
            parameters.map { SourceValue(name: $0.valueName, type: $0.type) }
        }
        return try graph(
            inputs: values(signature.inputs), outputs: values(signature.outputs), place: "signature \"\(signature.name)\"")
    }

    /// As `graph(for:)`, for inputs and outputs that no signature names.
    ///
    /// - Parameters:
    ///   - targets: names of nodes to run for what they do, as those that initialise a model.
    ///   - place: what error messages call the request.
    package func graph(
        inputs: [SourceValue], outputs: [SourceValue], targets: [String] = [], place: String
    ) throws(ImportError) -> SourceGraph {
        let reached = try Pruning.prune(
            graph, inputs: inputs, outputs: outputs, targets: targets, place: place, context: context)
        guard !functions.isEmpty else { return reached }
        let table = Dictionary(functions.map { ($0.name, $0) }) { first, _ in first }
        let inlined = try FunctionInlining.inline(table, in: reached, targets: targets, context: context)
        return try Pruning.prune(
            inlined.graph, inputs: inputs, outputs: outputs, targets: inlined.targets, place: place, context: context)
    }
}

/// A file beside a model whose path the model reads as a string (`AssetFileDef`).
package struct ModelAsset: Sendable, Equatable {
    /// The value of the graph that holds the path.
    package let valueName: String
    package let path: String

    package init(valueName: String, path: String) {
        self.valueName = valueName
        self.path = path
    }
}
