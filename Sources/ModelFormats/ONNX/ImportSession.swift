import ProtobufWire
import Tensors

/// What one import shares: the file, the limits and what is spent of them.
///
/// Confined to one call of `ONNXImporter.load`.
final class ImportSession {
    let path: String
    let file: MappedFile
    let limits: ImportLimits
    let externalFiles: ExternalFiles

    private var nodeCount = 0
    private var initializerCount = 0
    private var copiedByteCount = 0

    init(path: String, limits: ImportLimits) throws(ImportError) {
        do throws(MappedFileError) { file = try MappedFile(path: path) } catch {
            throw .unreadable(path: path, reason: error.description)
        }
        self.path = path
        self.limits = limits
        externalFiles = ExternalFiles(modelPath: path, limit: limits.externalFileCount)
    }

    func malformed(_ place: String, _ reason: String) -> ImportError {
        .malformed(path: path, place: place, reason: reason)
    }

    func unsupported(_ place: String, _ feature: String) -> ImportError {
        .unsupported(path: path, place: place, feature: feature)
    }

    private func damaged(_ error: WireError, _ place: String?) -> ImportError {
        .malformed(
            path: path, place: (place.map { $0 + ", " } ?? "") + "\(error.description);",
            reason: "the file (\(file.byteCount) bytes) is damaged, cut off or not ONNX; copy or export it again")
    }

    /// Runs `body` on a reader over `range` of the file, or all of it; `place` is where that is, for messages.
    func read<Result>(
        _ range: Range<Int>? = nil, place: String? = nil, depth: Int = WireReader.defaultDepth,
        _ body: (inout WireReader) throws(WireError) -> Result
    ) throws(ImportError) -> Result {
        // The session holds the mapping, so the bytes outlive the reader.
        var reader = WireReader(file.bytes, range: range ?? 0..<file.byteCount, depth: depth)
        do throws(WireError) { return try body(&reader) } catch { throw damaged(error, place) }
    }

    // MARK: Limits

    func check(_ place: String, _ quantity: String, _ found: Int, atMost limit: Int) throws(ImportError) {
        guard found <= limit else {
            throw .limitExceeded(path: path, place: place, quantity: quantity, found: found, limit: limit)
        }
    }

    func countNode() throws(ImportError) {
        nodeCount += 1
        try check("the model", "nodes", nodeCount, atMost: limits.nodeCount)
    }

    func countInitializers(_ count: Int) throws(ImportError) {
        initializerCount += count
        try check("the model", "initializers", initializerCount, atMost: limits.initializerCount)
    }

    /// Counts the bytes of a tensor that is about to be copied, the one at `place`.
    func countCopied(_ byteCount: Int, _ place: String) throws(ImportError) {
        copiedByteCount += byteCount
        try check("the model, up to \(place),", "bytes of tensors to copy", copiedByteCount, atMost: limits.copiedByteCount)
    }
}
