import ProtobufWire
import Tensors

/// What one import shares: the file, the limits and what is spent of them.
///
/// Confined to one call of `ONNXImporter.load`.
final class ImportSession {
    let context: ImportContext
    let memory: ImportMemory
    let externalFiles: ExternalFiles
    /// What the file should be, for messages: `ONNX`.
    private let formatName: String

    private var nodeCount = 0
    private var initializerCount = 0

    /// Reads the whole file, unless it is larger than the limits allow.
    init(path: String, limits: ImportLimits, formatName: String = "ONNX") throws(ImportError) {
        self.formatName = formatName
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
            reason: "the file (\(file.byteCount) bytes) is damaged, cut off or not \(formatName); copy or export it again")
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

    // MARK: Tensors

    /// The tensor whose elements lie in `range` of `file`: in place where they lie on the boundary of their type, else copied.
    ///
    /// - Precondition: the range has as many bytes as `spec` needs.
    func tensor(_ spec: TensorSpec, in file: FileContents, _ range: Range<Int>, place: String) throws(ImportError) -> Tensor {
        memory.willRead(range, of: file)
        // The session holds the contents while the bytes are looked at.
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: file.bytes[range])
        // A bool's byte is 0 or 1 everywhere in the engine; a file may hold others.
        let isSound = unsafe spec.elementType != .bool || bytes.allSatisfy { $0 <= 1 }
        if isSound, let tensor = memory.tensor(spec, in: file, range) { return tensor }
        let origin: ContentOrigin? = isSound ? .file(FileRange(source: file.source, range: range)) : nil
        let tensor = try unsafe memory.makeTensor(spec, place: place, origin: origin) { target in
            unsafe target.copyMemory(from: bytes)
            if !isSound { for index in target.indices where unsafe target[index] > 1 { unsafe target[index] = 1 } }
        }
        memory.releaseCopied(range, of: file)
        return tensor
    }

    /// The tensor of whose elements, of 2 or 4 bits, the bytes in `range` of `file` hold several each.
    ///
    /// - Precondition: the range has as many bytes as `spec` needs packed.
    func unpackedTensor(
        _ spec: TensorSpec, in file: FileContents, _ range: Range<Int>, place: String
    ) throws(ImportError) -> Tensor {
        memory.willRead(range, of: file)
        let tensor = try unsafe memory.makeTensor(spec, place: place) { target in
            unsafe PackedCodes.unpack(
                UnsafeRawBufferPointer(rebasing: file.bytes[range]), into: target, bitWidth: spec.elementType.bitWidth)
        }
        memory.releaseCopied(range, of: file)
        return tensor
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
