import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The files beside a model that hold tensors too large for it (`TensorProto.external_data`), read once each.
///
/// A model may only name files inside its own folder: no absolute path, no `..`, and no symbolic link that leads out.
final class ExternalFiles {
    private let folder: String
    private let limits: ImportLimits
    private var files: [String: FileContents] = [:]
    private var byteCount = 0

    /// A refusal, as the end of a sentence that begins with the tensor's name.
    struct Refusal: Error {
        let reason: String
        var isLimit = false
    }

    init(modelPath: String, limits: ImportLimits) {
        let components = modelPath.split(separator: "/", omittingEmptySubsequences: false)
        folder = components.count > 1 ? components.dropLast().joined(separator: "/") + "/" : "./"
        self.limits = limits
    }

    /// The files read so far, in no order.
    var modelFiles: [ModelFile] { files.map { ModelFile(name: $0.key, $0.value) } }

    /// The whole contents of the file that a tensor names.
    func contents(of location: String) throws(Refusal) -> FileContents {
        let components = location.split(separator: "/").filter { $0 != "." }
        guard !location.hasPrefix("/"), !components.isEmpty, !components.contains(".."), !location.utf8.contains(0) else {
            throw Refusal(reason: "names the external file \"\(location)\"; only files inside the model's folder are read")
        }
        let name = components.joined(separator: "/")
        if let known = files[name] { return known }
        guard files.count < limits.externalFileCount else {
            throw Refusal(reason: "is in one external file too many, the limit is \(limits.externalFileCount)", isLimit: true)
        }
        let contents = try read(name)
        files[name] = contents
        return contents
    }

    private func read(_ name: String) throws(Refusal) -> FileContents {
        guard let root = resolved(folder), let target = resolved(folder + name) else {
            throw Refusal(
                reason:
                    "is in the external file \"\(name)\", which cannot be opened: \(unsafe String(cString: strerror(errno))); put it beside the model"
            )
        }
        guard target.hasPrefix(root.hasSuffix("/") ? root : root + "/") else {
            throw Refusal(
                reason:
                    "is in the external file \"\(name)\", a link that leads out of the model's folder; put the file itself there")
        }
        try count(try reading { () throws(FileError) in try FileIdentity(path: target).byteCount }, name)
        return try reading { () throws(FileError) in try FileContents(path: target) }
    }

    private func reading<Result>(_ body: () throws(FileError) -> Result) throws(Refusal) -> Result {
        do throws(FileError) { return try body() } catch {
            throw Refusal(reason: "is in an external file: \(error.description)")
        }
    }

    private func count(_ found: Int, _ name: String) throws(Refusal) {
        byteCount += found
        guard byteCount <= limits.externalFileByteCount else {
            throw Refusal(
                reason:
                    "is in the external file \"\(name)\", with which the model's files have \(byteCount) bytes; the limit is \(limits.externalFileByteCount)",
                isLimit: true)
        }
    }

    /// The path with every symbolic link followed; nil when nothing is there.
    private func resolved(_ path: String) -> String? {
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }
}
