import Foundation
import GraphIR
import ModelFormats
import ProtobufWire
import Tensors

/// A folder that is removed with the object.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("apus-formats-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { print("temporary folder \(path) stays: \(error)") }
    }

    /// Writes a file and gives its path.
    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let file = path + "/" + name
        // Foundation's writing waits for the disk; thousands of damaged files need not.
        guard let stream = fopen(file, "w") else { throw CocoaError(.fileWriteUnknown) }
        let written = fwrite(bytes, 1, bytes.count, stream)
        guard fclose(stream) == 0, written == bytes.count else { throw CocoaError(.fileWriteUnknown) }
        return file
    }

    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path + "/" + name, withDestinationPath: target)
    }
}

/// Imports a model from memory, by way of a file.
func importModel(_ model: WireWriter, limits: ImportLimits = .standard) throws -> ImportedModel {
    let folder = try TemporaryFolder()
    return try ONNXImporter().load(path: try folder.write(model.bytes, to: "model.onnx"), limits: limits)
}

/// The graph that runs for the only signature of a model.
func importGraph(_ model: WireWriter, limits: ImportLimits = .standard) throws -> SourceGraph {
    let model = try importModel(model, limits: limits)
    return try model.graph(for: model.signatures[0])
}

/// What is said when a model is refused, at import or when its graph is made, without the path; nil when it is not refused.
func refusal(of model: WireWriter, limits: ImportLimits = .standard) throws -> String? {
    do {
        _ = try importGraph(model, limits: limits)
        return nil
    } catch let error as ImportError {
        let prefix = "model \"\(error.path)\": "
        return error.description.hasPrefix(prefix) ? String(error.description.dropFirst(prefix.count)) : error.description
    }
}

extension SourceGraph {
    /// The contents of the constant at `index`, which must be numbers.
    func dense(_ index: Int) -> Tensor? {
        guard index < initializers.count, case .dense(let tensor) = initializers[index].value else { return nil }
        return tensor
    }
}
