package import GraphIR
import Tensors

/// Reads one file format into the engine's vocabulary. A conformance is stateless; heavy work happens in `load`.
package protocol ModelImporter: Sendable {
    /// Short, as the registry stores it: `onnx`.
    static var formatName: String { get }

    /// Reads the model at `path`, which `FormatDetector` found. Tensors may lie in the mapped file, so the file must
    /// not be changed in place while they live.
    func load(path: String, limits: ImportLimits) throws(ImportError) -> ImportedModel
}

extension ModelImporter {
    package func load(path: String) throws(ImportError) -> ImportedModel { try load(path: path, limits: .standard) }
}

/// A model as its files state it.
package struct ImportedModel: Sendable {
    /// The importer's `formatName`.
    package let format: String
    package let graph: SourceGraph
    package let signatures: [Signature]
    /// What the file tells of itself: producer, versions, its own properties.
    package let metadata: [String: String]
    /// The model file and the weight files it refers to.
    package let files: ModelFiles

    init(format: String, graph: SourceGraph, signatures: [Signature], metadata: [String: String], files: [ModelFile]) {
        self.format = format
        self.graph = graph
        self.signatures = signatures
        self.metadata = metadata
        self.files = ModelFiles(all: files)
    }

    /// Bytes of all the model's files.
    package var byteCount: Int { files.byteCount }

    /// SHA-256 of the model in hexadecimal; see `ModelFiles.digest`.
    package func digest() throws -> String { try files.digest() }

    package func signature(_ name: String) -> Signature? { signatures.first { $0.name == name } }
}
