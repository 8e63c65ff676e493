import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The files beside a model that hold tensors too large for it (`TensorProto.external_data`), mapped once each.
///
/// A model may only name files inside its own folder: no absolute path, no `..`, and no symbolic link that leads out.
final class ExternalFiles {
    private let folder: String
    private let limit: Int
    private var mappings: [String: MappedFile] = [:]

    /// A refusal, as the end of a sentence that begins with the tensor's name.
    struct Refusal: Error {
        let reason: String
        var isLimit = false
    }

    init(modelPath: String, limit: Int) {
        let components = modelPath.split(separator: "/", omittingEmptySubsequences: false)
        folder = components.count > 1 ? components.dropLast().joined(separator: "/") + "/" : "./"
        self.limit = limit
    }

    /// The files opened so far, by name.
    var files: [ModelFile] { mappings.map { ModelFile(name: $0.key, mapping: $0.value) } }

    func mapping(of location: String) throws(Refusal) -> MappedFile {
        let components = location.split(separator: "/").filter { $0 != "." }
        guard !location.hasPrefix("/"), !components.isEmpty, !components.contains(".."), !location.utf8.contains(0) else {
            throw Refusal(reason: "names the external file \"\(location)\"; only files inside the model's folder are read")
        }
        let name = components.joined(separator: "/")
        if let known = mappings[name] { return known }
        guard mappings.count < limit else {
            throw Refusal(reason: "is in one external file too many, the limit is \(limit)", isLimit: true)
        }
        let mapping = try map(name)
        mappings[name] = mapping
        return mapping
    }

    private func map(_ name: String) throws(Refusal) -> MappedFile {
        guard let root = resolved(folder), let target = resolved(folder + name) else {
            throw Refusal(
                reason:
                    "is in the external file \"\(name)\", which cannot be opened: \(String(cString: strerror(errno))); put it beside the model"
            )
        }
        guard target.hasPrefix(root.hasSuffix("/") ? root : root + "/") else {
            throw Refusal(
                reason:
                    "is in the external file \"\(name)\", a link that leads out of the model's folder; put the file itself there")
        }
        do throws(MappedFileError) { return try MappedFile(path: target) } catch {
            throw Refusal(reason: "is in an external file: \(error.description)")
        }
    }

    /// The path with every symbolic link followed; nil when nothing is there.
    private func resolved(_ path: String) -> String? {
        guard let text = realpath(path, nil) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }
}
