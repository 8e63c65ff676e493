/// Reads one file format into the engine's vocabulary. A conformance is stateless; heavy work happens in `load`.
package protocol ModelImporter: Sendable {
    /// Short, as the registry stores it: `onnx`.
    static var formatName: String { get }

    /// Reads the model at `path`, which `FormatDetector` found. The result holds copies of what it needs of the files.
    func load(path: String, limits: ImportLimits) throws(ImportError) -> ImportedModel
}

extension ModelImporter {
    package func load(path: String) throws(ImportError) -> ImportedModel { try load(path: path, limits: .standard) }
}
