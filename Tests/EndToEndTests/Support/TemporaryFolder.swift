import Foundation
import Testing

/// A folder of its own for one test; removed with everything in it at the end.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = URL.temporaryDirectory.appending(path: "apus-end-to-end-\(UUID().uuidString)").resolvingSymlinksInPath()
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(at: url)
        } catch {
            Issue.record("cannot remove \(url.path): \(error)")
        }
    }

    subscript(_ path: String) -> URL { url.appending(path: path) }

    func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: self[path])
    }

    /// Copies a model of the repository, with all its versions, into the folder `models`.
    func copyModel(_ name: String) throws {
        try FileManager.default.createDirectory(at: self["models"], withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: Repository.models.appending(path: name), to: self["models/\(name)"])
    }
}
