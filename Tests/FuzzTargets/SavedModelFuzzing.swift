import Foundation
import GraphIR
import ModelFormats

/// Any bytes as the files of a SavedModel: imported, initialised, and each signature run as `ModelFuzzing` does.
///
/// The bytes of `saved_model.pb` and of `variables.index` stand behind their lengths (4 bytes, little-endian); the rest is the data
/// file, which is the asset `words.txt` as well.
enum SavedModelFuzzing {
    private static let maximumSignatureCount = 4

    static func violation(_ input: [UInt8]) -> String? {
        var rest = input[...]
        guard let graph = take(&rest), let index = take(&rest) else { return nil }
        let folder = FileManager.default.temporaryDirectory.appending(path: "apus-fuzz-\(UUID().uuidString)")
        defer { remove(folder) }
        do {
            try write(graph, folder, "saved_model.pb")
            if !index.isEmpty {
                try write(index, folder, "variables/variables.index")
                try write(Array(rest), folder, "variables/variables.data-00000-of-00001")
            }
            try write(Array(rest), folder, "assets/words.txt")
        } catch {
            return "the files cannot be written: \(error)"
        }
        do throws(ImportError) {
            let model = try SavedModelImporter().load(path: folder.path, limits: ModelFuzzing.importLimits)
            for signature in model.signatures.prefix(maximumSignatureCount) {
                if let violation = try ModelFuzzing.violation(of: model, signature) { return "\(signature.name): \(violation)" }
            }
        } catch {
            return nil
        }
        return nil
    }

    private static func take(_ bytes: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard bytes.count >= 4 else { return nil }
        let count = bytes.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        bytes = bytes.dropFirst(4)
        guard count <= bytes.count else { return nil }
        defer { bytes = bytes.dropFirst(count) }
        return Array(bytes.prefix(count))
    }

    private static func write(_ bytes: [UInt8], _ folder: URL, _ name: String) throws {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    private static func remove(_ folder: URL) {
        do { try FileManager.default.removeItem(at: folder) } catch { print("cannot remove \(folder.path): \(error)") }
    }
}
