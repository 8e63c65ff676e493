import Tensors

/// The files beside a model that hold tensors too large for it (`TensorProto.external_data`), read once each.
///
/// A model may only name files inside its own folder: no absolute path, no `..`, and no symbolic link that leads out.
final class ExternalFiles {
    private let folder: ModelFolder
    private let limits: ImportLimits
    private var files: [String: FileContents] = [:]
    private var byteCount = 0

    /// A refusal, as the end of a sentence that begins with the tensor's name.
    struct Refusal: Error {
        let reason: String
        var isLimit = false
    }

    init(modelPath: String, limits: ImportLimits) {
        folder = ModelFolder(of: modelPath)
        self.limits = limits
    }

    /// The files read so far, in no order.
    var modelFiles: [ModelFile] { files.map { ModelFile(name: $0.key, $0.value) } }

    /// The whole contents of the file that a tensor names.
    func contents(of location: String) throws(Refusal) -> FileContents {
        let name = try inside { () throws(ModelFolder.Refusal) in try folder.name(of: location) }
        if let known = files[name] { return known }
        guard files.count < limits.externalFileCount else {
            throw Refusal(reason: "is in one external file too many, the limit is \(limits.externalFileCount)", isLimit: true)
        }
        let contents = try read(name)
        files[name] = contents
        return contents
    }

    private func read(_ name: String) throws(Refusal) -> FileContents {
        let target = try inside { () throws(ModelFolder.Refusal) in try folder.resolve(name) }
        try count(try reading { () throws(FileError) in try FileIdentity(path: target).byteCount }, name)
        return try reading { () throws(FileError) in try FileContents(path: target) }
    }

    private func inside<Result>(_ body: () throws(ModelFolder.Refusal) -> Result) throws(Refusal) -> Result {
        do throws(ModelFolder.Refusal) { return try body() } catch { throw Refusal(reason: error.reason) }
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
}
