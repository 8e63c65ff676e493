import Foundation
import ModelFormats
import Tensors

/// One model with inputs and what it must answer to them.
struct ConformanceCase: Sendable {
    let name: String
    let model: ImportedModel
    let runs: [Run]
    let tolerance: Tolerance

    /// One reference run.
    struct Run: Sendable {
        let name: String
        let inputs: [Tensor]
        let outputs: [Tensor]
    }
}

/// Where test data lies.
enum Fixtures {
    /// `Tests/Fixtures` of the checkout that this file was compiled from.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures")

    /// Sub-folders in the order of their names.
    static func folders(in folder: URL) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { (try $0.resourceValues(forKeys: [.isDirectoryKey])).isDirectory == true }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    /// `prefix0suffix`, `prefix1suffix`, … as long as there is one.
    static func numbered(_ prefix: String, _ suffix: String, in folder: URL) -> [URL] {
        var files: [URL] = []
        while true {
            let file = folder.appendingPathComponent("\(prefix)\(files.count)\(suffix)")
            guard FileManager.default.fileExists(atPath: file.path) else { return files }
            files.append(file)
        }
    }
}

extension ConformanceCase {
    /// A folder of ONNX's node tests: `model.onnx`, `test_data_set_<n>/{input,output}_<i>.pb`.
    init(nodeTest folder: URL) throws {
        let runs = try Fixtures.numbered("test_data_set_", "", in: folder).map { set in
            Run(
                name: set.lastPathComponent,
                inputs: try Fixtures.numbered("input_", ".pb", in: set).map { try TensorProtoFile.read($0.path) },
                outputs: try Fixtures.numbered("output_", ".pb", in: set).map { try TensorProtoFile.read($0.path) })
        }
        self.init(
            name: folder.lastPathComponent,
            model: try ONNXImporter().load(path: folder.appendingPathComponent("model.onnx").path),
            runs: runs, tolerance: .nodeTests)
    }

    /// A corpus entry: `meta.json`, the model it names, and references: folders of `in_<i>.npy` and `out_<i>.npy`, or
    /// `.npz` archives of them.
    init(entry folder: URL, meta: CorpusMeta) throws {
        let runs = try meta.golden.map { name in
            let golden = try Golden(folder.appendingPathComponent(name))
            return Run(name: name, inputs: try golden.tensors("in_"), outputs: try golden.tensors("out_"))
        }
        self.init(
            name: meta.name, model: try ONNXImporter().load(path: folder.appendingPathComponent(meta.model).path), runs: runs,
            tolerance: Tolerance(
                relative: meta.tolerance.rtol, absolute: meta.tolerance.atol, minimumCosine: meta.tolerance.minimumCosine))
    }
}

/// The tensors of one reference run.
private enum Golden {
    case folder(URL)
    case archive(ZipArchive, path: String)

    init(_ url: URL) throws {
        self = url.pathExtension == "npz" ? .archive(try ZipArchive(path: url.path), path: url.path) : .folder(url)
    }

    /// `<prefix>0.npy`, `<prefix>1.npy`, … as long as there is one.
    func tensors(_ prefix: String) throws -> [Tensor] {
        switch self {
        case .folder(let folder): return try Fixtures.numbered(prefix, ".npy", in: folder).map { try NumPyFile.read($0.path) }
        case .archive(let archive, let path):
            var tensors: [Tensor] = []
            while let bytes = try archive.contents(of: "\(prefix)\(tensors.count).npy") {
                tensors.append(try bytes.withUnsafeBytes { try NumPyFile.read($0, path: path) })
            }
            return tensors
        }
    }
}

/// The part of a corpus entry's `meta.json` that tests need.
struct CorpusMeta: Decodable {
    struct Bounds: Decodable {
        let rtol: Double
        let atol: Double
        let minimumCosine: Double?

        private enum CodingKeys: String, CodingKey {
            case rtol, atol
            case minimumCosine = "min_cosine"
        }
    }

    let name: String
    let format: String
    let model: String
    let golden: [String]
    let tolerance: Bounds

    init(folder: URL) throws {
        self = try JSONDecoder().decode(CorpusMeta.self, from: try Data(contentsOf: folder.appendingPathComponent("meta.json")))
    }
}
