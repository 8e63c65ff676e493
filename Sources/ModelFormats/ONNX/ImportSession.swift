import ProtobufWire
import Tensors

/// What one import shares: the file, the limits and what is spent of them.
///
/// Confined to one call of `ONNXImporter.load`.
final class ImportSession {
    let context: ImportContext
    let memory: ImportMemory
    let externalFiles: ExternalFiles

    private var nodeCount = 0
    private var initializerCount = 0

    /// Reads the whole file, unless it is larger than the limits allow.
    init(path: String, limits: ImportLimits) throws(ImportError) {
        context = ImportContext(path: path, limits: limits)
        memory = try ImportMemory(context: context)
        externalFiles = ExternalFiles(modelPath: path, limits: limits)
    }

    var path: String { context.path }
    var limits: ImportLimits { context.limits }
    var file: FileContents { memory.file }

    func malformed(_ place: String, _ reason: String) -> ImportError { context.malformed(place, reason) }
    func unsupported(_ place: String, _ feature: String) -> ImportError { context.unsupported(place, feature) }

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
        // The session holds the contents, so the bytes outlive the reader.
        var reader = unsafe WireReader(file.bytes, range: range ?? 0..<file.byteCount, depth: depth)
        do throws(WireError) { return try body(&reader) } catch { throw damaged(error, place) }
    }

    // MARK: Limits

    func check(_ place: String, _ quantity: String, _ found: Int, atMost limit: Int) throws(ImportError) {
        try context.check(place, quantity, found, atMost: limit)
    }

    func countNode() throws(ImportError) {
        nodeCount += 1
        try check("the model", "nodes", nodeCount, atMost: limits.nodeCount)
    }

    func countInitializers(_ count: Int) throws(ImportError) {
        initializerCount += count
        try check("the model", "initializers", initializerCount, atMost: limits.initializerCount)
    }
}
