import Tensors

/// The memory that an import takes: the model file's contents, and tensors that cannot stay in a file.
///
/// A tensor stays in its file's contents where they lie on the boundary of its element type. The others are copied, and the pages
/// that they leave are given back at once, so that a model takes about its size and never twice as much.
///
/// Confined to one call of `ONNXImporter.load`.
final class ImportMemory {
    let file: FileContents
    private let context: ImportContext
    private var copiedByteCount = 0
    /// Files that tensors stay in.
    private var inUse: [ObjectIdentifier: FileContents] = [:]
    /// Where ranges of the model file begin that have been given back.
    private var released: Set<Int> = []

    /// Reads the whole model file, unless it is larger than the limits allow.
    init(context: ImportContext) throws(ImportError) {
        self.context = context
        let byteCount = try Self.reading(context) { path throws(FileError) in try FileIdentity(path: path).byteCount }
        try context.check("the file", "bytes", byteCount, atMost: context.limits.modelFileByteCount)
        file = try Self.reading(context) { path throws(FileError) in try FileContents(path: path) }
    }

    private static func reading<Result>(
        _ context: ImportContext, _ body: (String) throws(FileError) -> Result
    ) throws(ImportError) -> Result {
        do throws(FileError) { return try body(context.path) } catch {
            throw .unreadable(path: context.path, reason: error.description)
        }
    }

    // MARK: Tensors

    /// A tensor that stays in `range` of `file`; nil when its elements do not lie on their boundary.
    func tensor(_ spec: TensorSpec, in file: FileContents, _ range: Range<Int>) -> Tensor? {
        guard !range.isEmpty, range.lowerBound.isMultiple(of: spec.elementType.byteCount),
            let storage = TensorStorage(file: file, byteOffset: range.lowerBound, byteCount: range.count),
            let tensor = Tensor(spec, storage: storage)
        else { return nil }
        inUse[ObjectIdentifier(file)] = file
        return tensor
    }

    /// A tensor in memory of its own, whose every byte `fill` must write; `place` is what messages call it.
    func makeTensor(
        _ spec: TensorSpec, place: String, origin: ContentOrigin? = nil, fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(ImportError) -> Tensor {
        try countCopied(spec.byteCount, place: place)
        do throws(MemoryRefusal) { return try unsafe Tensor(spec, placement: .pages, origin: origin, fill: fill) } catch {
            throw .outOfMemory(path: context.path, place: place, byteCount: error.byteCount)
        }
    }

    /// Counts bytes that are about to be copied out of a file.
    func countCopied(_ byteCount: Int, place: String) throws(ImportError) {
        copiedByteCount += byteCount
        try context.check(
            "the model, up to \(place),", "bytes of tensors to copy", copiedByteCount, atMost: context.limits.copiedByteCount)
    }

    // MARK: Giving back

    /// Called before `range` of `file` is read for a tensor.
    ///
    /// - Precondition: the range has not been released.
    func willRead(_ range: Range<Int>, of file: FileContents) {
        precondition(file !== self.file || !released.contains(range.lowerBound), "a tensor is read again after its release")
    }

    /// Gives back the pages of a range whose tensor has been copied.
    ///
    /// In the model file no two tensors share bytes, and each is read once. Ranges of weight files may overlap, so these are left
    /// for `releaseUnused`.
    func releaseCopied(_ range: Range<Int>, of file: FileContents) {
        guard file === self.file, range.count >= Self.smallestRelease else { return }
        released.insert(range.lowerBound)
        unsafe file.discard(range)
    }

    /// Some pages; less is not worth a system call.
    private static let smallestRelease = 64 << 10

    /// Gives back what no tensor lies in, once the import is done with the files.
    func releaseUnused() {
        for file in inUse.values { _ = unsafe file.discard(unread: []) }
    }
}
