package import GraphIR
import Tensors

/// A model as its files state it.
package struct ImportedModel: Sendable {
    /// The importer's `formatName`.
    package let format: String
    /// What all signatures share, with calls of functions as nodes. Its initialisers are the model's constants: every graph made of
    /// this one holds the same storage. To run a signature, take `graph(for:)`.
    package var graph: SourceGraph { program.graph }
    /// The functions that the graph and other functions call.
    package var functions: [SourceFunction] { program.functions }
    package let signatures: [Signature]
    /// Files whose paths the graph reads.
    package let assets: [ModelAsset]
    /// What the file says of itself: producer, versions, its own properties.
    package let metadata: [String: String]
    /// The model file and the weight files it refers to.
    package let files: ModelFiles
    /// Bytes of the files' contents that the model's graphs hold once they are made.
    package let contentByteCount: Int
    /// To run once, in order, before any signature: they give variables and tables their first contents.
    package let initialisation: [SourceGraph]
    /// The value that a SavedModel's signature `__saved_model_init_op` names; nil when it has none.
    package let initialisationValue: String?
    private let program: SourceProgram

    /// - Parameter contentByteCount: nil for those of all files.
    init(
        format: String, program: SourceProgram, signatures: [Signature], assets: [ModelAsset] = [], metadata: [String: String],
        files: [ModelFile], contentByteCount: Int? = nil, initialisation: [SourceGraph] = [], initialisationValue: String? = nil
    ) {
        self.format = format
        self.program = program
        self.signatures = signatures
        self.assets = assets
        self.metadata = metadata
        self.files = ModelFiles(all: files)
        self.contentByteCount = contentByteCount ?? self.files.byteCount
        self.initialisation = initialisation
        self.initialisationValue = initialisationValue
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
    /// An input may be any value of the graph, which is cut there; a constant is one no longer.
    ///
    /// - Throws: `.malformed` when the signature names values that the graph does not have, an output depends on a graph input that
    ///   the signature lacks, or a function calls itself; `.limitExceeded` when functions multiply nodes beyond the limit.
    package func graph(for signature: Signature) throws(ImportError) -> SourceGraph {
        try graph(
            inputs: signature.sourceInputs(graph.dialect), outputs: signature.sourceOutputs(graph.dialect),
            place: "signature \"\(signature.name)\"")
    }

    /// As `graph(for:)`, for inputs and outputs that no signature names.
    ///
    /// - Parameters:
    ///   - targets: names of nodes to run for what they do, as those that initialise a model.
    ///   - place: what error messages call the request.
    package func graph(
        inputs: [SourceValue], outputs: [SourceValue], targets: [String] = [], place: String
    ) throws(ImportError) -> SourceGraph {
        try program.graph(inputs: inputs, outputs: outputs, targets: targets, place: place)
    }
}

extension Signature {
    func sourceInputs(_ dialect: Dialect) -> [SourceValue] { Self.sourceValues(inputs, dialect) }
    func sourceOutputs(_ dialect: Dialect) -> [SourceValue] { Self.sourceValues(outputs, dialect) }

    /// TensorFlow takes tensors of any shape, whatever a signature says.
    private static func sourceValues(_ parameters: [Parameter], _ dialect: Dialect) -> [SourceValue] {
        parameters.map { SourceValue(name: $0.valueName, type: dialect == .tensorFlow ? $0.type.ignoringShape : $0.type) }
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
