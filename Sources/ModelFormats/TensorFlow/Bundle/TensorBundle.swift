import ProtobufWire
import ServingMessages
import Tensors

/// The tensors of a checkpoint: an index file and data files, of which only what is asked for is read.
///
/// Source: TensorFlow `core/util/tensor_bundle`: the index is a sorted table from names to entries; the empty name is the header.
final class TensorBundle: Sendable {
    /// An entry of the index, checked.
    struct Entry: Sendable {
        let spec: TensorSpec
        let shard: Int
        let range: Range<Int>
        let checksum: UInt32
        /// Not empty: the tensor lies in entries of its slices.
        let slices: [TensorSlice]

        /// Bytes of the contents in the data files.
        var byteCount: Int { slices.isEmpty ? range.count : spec.byteCount }
    }

    let indexFile: ModelFile
    /// The index's name without its ending.
    private let prefix: String
    private let context: ImportContext
    private let entries: [[UInt8]: [UInt8]]
    private let shards: [FileSource]

    /// - Parameter prefix: relative to `folder`: `variables/variables`.
    init(folder: ModelFolder, prefix: String, context: ImportContext) throws(ImportError) {
        self.prefix = prefix
        let name = prefix + ".index"
        let path = try Self.path(name, in: folder, context)
        self.context = ImportContext(path: path, limits: context.limits)
        let byteCount = try Self.reading(path) { () throws(FileError) in try FileIdentity(path: path).byteCount }
        try self.context.check("the checkpoint's index", "bytes", byteCount, atMost: SortedTable.maximumByteCount)
        let contents = try Self.reading(path) { () throws(FileError) in try FileContents(path: path) }
        indexFile = ModelFile(name: name, contents)
        let table: SortedTable
        do throws(SortedTable.Damage) { table = try unsafe SortedTable(contents.bytes) } catch {
            throw self.context.malformed("the checkpoint's index", error.reason + "; copy or export it again")
        }
        withExtendedLifetime(contents) {}
        entries = Dictionary(table.entries.map { ($0.key, $0.value) }) { first, _ in first }
        let header: TensorFlow.BundleHeader? = try Self.message(entries[[]], "the header", self.context)
        guard let header else { throw self.context.malformed("the checkpoint's index", "has no header") }
        guard header.endianness == 0 else {
            throw self.context.unsupported("the checkpoint", "is big-endian, which Apus does not read; save the model on another machine")
        }
        guard (1...99_999).contains(header.shardCount) else {
            throw self.context.malformed("the checkpoint's header", "says \(header.shardCount) data files")
        }
        let count = Int(header.shardCount)
        try context.check("the checkpoint", "data files", count, atMost: context.limits.externalFileCount)
        var shards: [FileSource] = []
        for index in 0..<count {
            let path = try Self.path(Self.shardName(prefix, index, of: count), in: folder, context)
            shards.append(try Self.reading(path) { () throws(FileError) in try FileSource(path: path) })
        }
        self.shards = shards
    }

    /// The index and the data files.
    var files: [ModelFile] {
        [indexFile] + shards.enumerated().map { ModelFile(name: Self.shardName(prefix, $0, of: shards.count), $1) }
    }

    // MARK: Entries

    /// - Returns: nil when the checkpoint has no such tensor.
    func entry(_ key: String) throws(ImportError) -> Entry? {
        try entry(Array(key.utf8), place(key))
    }

    private func entry(_ key: [UInt8], _ place: String) throws(ImportError) -> Entry? {
        let proto: TensorFlow.BundleEntry? = try Self.message(entries[key], place, context)
        guard let proto else { return nil }
        guard let type = TensorFlow.DataType(number: proto.dataType)?.elementType else {
            throw context.unsupported(place, "is of type \(TensorFlow.DataType.name(of: proto.dataType)), which Apus does not compute with")
        }
        let extents = proto.shape?.extents ?? []
        try context.check(place, "dimensions", extents.count, atMost: context.limits.tensorRank)
        guard let shape = Shape(checking: extents.map { Int($0) }) else {
            throw context.malformed(place, "has the shape \(extents); extents are 0 or more and their product below 2^48")
        }
        let spec = TensorSpec(type, shape)
        try context.check(place, "bytes", spec.byteCount, atMost: context.limits.tensorByteCount)
        let slices = proto.slices.map(TensorSlice.init)
        guard proto.offset >= 0, proto.byteCount >= 0, proto.offset <= Int64.max - proto.byteCount,
            shards.indices.contains(Int(proto.shard))
        else { throw context.malformed(place, "lies at \(proto.offset) of data file \(proto.shard), of \(shards.count)") }
        guard !slices.isEmpty || !type.isDense || Int(proto.byteCount) == spec.byteCount else {
            throw context.malformed(place, "has \(proto.byteCount) bytes, \(spec) needs \(spec.byteCount)")
        }
        return Entry(
            spec: spec, shard: Int(proto.shard), range: Int(proto.offset)..<Int(proto.offset + proto.byteCount), checksum: proto.checksum,
            slices: slices)
    }

    // MARK: Contents

    /// The tensor called `key`, or a slice of it.
    func tensor(_ key: String, slice: TensorSlice? = nil) throws(ImportError) -> TensorValue {
        let place = place(key)
        guard let entry = try entry(key) else {
            throw context.malformed(place, "is not in the checkpoint, though the model restores it; export the model again")
        }
        if entry.spec.elementType == .string {
            guard slice == nil, entry.slices.isEmpty else {
                throw context.unsupported(place, "is a slice of strings, which Apus does not read")
            }
            return .strings(try strings(entry, place))
        }
        guard slice != nil || !entry.slices.isEmpty else { return .dense(try whole(entry, place)) }
        return .dense(try assembled(Array(key.utf8), entry, slice, place))
    }

    private func whole(_ entry: Entry, _ place: String) throws(ImportError) -> Tensor {
        let source = try shard(entry.shard, holding: entry.range, place)
        let storage: TensorStorage
        do throws(MemoryRefusal) {
            storage = try TensorStorage(
                byteCount: entry.range.count, placement: .pages,
                origin: entry.spec.elementType == .bool ? nil : .file(FileRange(source: source, range: entry.range)))
        } catch {
            throw .outOfMemory(path: context.path, place: place, byteCount: error.byteCount)
        }
        try Self.reading(source.path) { () throws(FileError) in try unsafe source.read(entry.range, into: storage.baseAddress) }
        let bytes = unsafe UnsafeMutableRawBufferPointer(start: storage.baseAddress, count: entry.range.count)
        guard unsafe MaskedChecksum.of(UnsafeRawBufferPointer(bytes)) == entry.checksum else { throw damaged(place, source) }
        // A bool's byte is 0 or 1 everywhere in the engine; a file may hold others.
        if entry.spec.elementType == .bool {
            for index in bytes.indices where unsafe bytes[index] > 1 { unsafe bytes[index] = 1 }
        }
        guard let tensor = Tensor(entry.spec, storage: storage) else { throw damaged(place, source) }
        return tensor
    }

    /// Puts a tensor, or the part of it that `slice` asks for, together from the entries that hold it.
    private func assembled(
        _ key: [UInt8], _ entry: Entry, _ slice: TensorSlice?, _ place: String
    ) throws(ImportError) -> Tensor {
        let extents = entry.spec.shape.extents
        guard let wanted = slice.map({ $0.ranges(in: extents) }) ?? extents.map({ 0..<$0 }) else {
            throw context.malformed(place, "has the shape \(entry.spec.shape), a slice outside of which is restored")
        }
        let spec = TensorSpec(entry.spec.elementType, Shape(wanted.map(\.count)))
        var filled = 0
        let result: Tensor
        do throws(MemoryRefusal) { result = try unsafe Tensor(spec, placement: .pages) { _ in } } catch {
            throw .outOfMemory(path: context.path, place: place, byteCount: error.byteCount)
        }
        for (part, ranges) in try parts(key, entry, place) {
            let overlap = zip(ranges, wanted).map { $0.clamped(to: $1) }
            guard overlap.allSatisfy({ !$0.isEmpty }) else { continue }
            filled += overlap.reduce(1) { $0 * $1.count }
            let tensor = try whole(part, place)
            unsafe BlockCopy(
                extents: overlap.map(\.count), elementByteCount: spec.elementType.byteCount,
                source: (ranges.map(\.count), zip(overlap, ranges).map { $0.lowerBound - $1.lowerBound }),
                target: (wanted.map(\.count), zip(overlap, wanted).map { $0.lowerBound - $1.lowerBound })
            ).run(from: UnsafeRawPointer(tensor.storage.baseAddress), to: result.storage.baseAddress)
            withExtendedLifetime(tensor) {}
        }
        guard filled == spec.shape.elementCount else {
            throw context.malformed(place, "has slices that hold \(filled) of \(spec.shape.elementCount) elements; export the model again")
        }
        return result
    }

    private func parts(_ key: [UInt8], _ entry: Entry, _ place: String) throws(ImportError) -> [(Entry, [Range<Int>])] {
        let extents = entry.spec.shape.extents
        guard !entry.slices.isEmpty else { return [(entry, extents.map { 0..<$0 })] }
        var parts: [(Entry, [Range<Int>])] = []
        for slice in entry.slices {
            guard let ranges = slice.ranges(in: extents), let part = try self.entry(SliceKey.encode(key, slice), place),
                part.slices.isEmpty, part.spec == TensorSpec(entry.spec.elementType, Shape(ranges.map(\.count)))
            else { throw context.malformed(place, "lacks a slice that the checkpoint's index promises; export the model again") }
            parts.append((part, ranges))
        }
        return parts
    }

    /// Lengths, their checksum, then the bytes of all elements.
    private func strings(_ entry: Entry, _ place: String) throws(ImportError) -> StringTensor {
        let source = try shard(entry.shard, holding: entry.range, place)
        try context.check(place, "bytes of strings", entry.range.count, atMost: context.limits.denseByteCount)
        var failure: FileError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: entry.range.count) { target, count in
            guard let base = UnsafeMutableRawPointer(target.baseAddress) else { return }
            do throws(FileError) {
                try unsafe source.read(entry.range, into: base)
                count = entry.range.count
            } catch { failure = error }
        }
        if let failure { throw .unreadable(path: source.path, reason: failure.description) }
        let count = entry.spec.shape.elementCount
        guard count <= bytes.count else { throw damaged(place, source) }
        var rest = bytes[...]
        var lengths: [Int] = []
        var checksum = MaskedChecksum()
        do throws(SortedTable.Damage) {
            for _ in 0..<count {
                let length = try Varint.read(&rest)
                guard length <= UInt64(bytes.count) else { throw SortedTable.Damage(reason: "") }
                lengths.append(Int(length))
                checksum.append(length <= UInt64(UInt32.max) ? Self.bytes(UInt32(length)) : Self.bytes(length))
            }
        } catch { throw damaged(place, source) }
        let total = lengths.reduce(0, &+)
        guard rest.count >= 4, rest.count - 4 == total, Self.bytes(checksum.value) == Array(rest.prefix(4)) else {
            throw damaged(place, source)
        }
        checksum.append(Array(rest))
        guard checksum.value == entry.checksum else { throw damaged(place, source) }
        rest = rest.dropFirst(4)
        var elements: [[UInt8]] = []
        for length in lengths {
            elements.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return StringTensor(shape: entry.spec.shape, elements: elements)
    }

    private static func bytes<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe Array($0) }
    }

    // MARK: Files

    private static func shardName(_ prefix: String, _ index: Int, of count: Int) -> String {
        let digits = { (number: Int) in String(repeating: "0", count: max(0, 5 - String(number).count)) + String(number) }
        return "\(prefix).data-\(digits(index))-of-\(digits(count))"
    }

    private func shard(_ index: Int, holding range: Range<Int>, _ place: String) throws(ImportError) -> FileSource {
        let source = shards[index]
        guard range.upperBound <= source.byteCount else {
            throw ImportError.malformed(
                path: source.path, place: place,
                reason: "lies at bytes \(range.lowerBound) to \(range.upperBound) of a file of \(source.byteCount); copy the file again")
        }
        return source
    }

    func malformed(_ key: String, _ reason: String) -> ImportError { context.malformed(place(key), reason) }

    private func place(_ key: String) -> String { "variable \"\(key)\"" }

    private func damaged(_ place: String, _ source: FileSource) -> ImportError {
        .malformed(path: source.path, place: place, reason: "has a wrong checksum; the file is damaged, copy or export it again")
    }

    private static func path(_ name: String, in folder: ModelFolder, _ context: ImportContext) throws(ImportError) -> String {
        do throws(ModelFolder.Refusal) { return try folder.resolve(name) } catch {
            throw context.malformed("the checkpoint", error.reason)
        }
    }

    private static func reading<Result>(
        _ path: String, _ body: () throws(FileError) -> Result
    ) throws(ImportError) -> Result {
        do throws(FileError) { return try body() } catch { throw .unreadable(path: path, reason: error.description) }
    }

    private static func message<Message: WireMessage>(
        _ bytes: [UInt8]?, _ place: String, _ context: ImportContext
    ) throws(ImportError) -> Message? {
        guard let bytes else { return nil }
        let result: Result<Message, WireError> = unsafe bytes.withUnsafeBytes { buffer in
            var reader = unsafe WireReader(buffer)
            do throws(WireError) { return .success(try Message(from: &reader)) } catch { return .failure(error) }
        }
        do throws(WireError) { return try result.get() } catch { throw context.malformed(place, "has an entry that is damaged: \(error)") }
    }
}

/// Copies a block between two row-major arrays.
private struct BlockCopy {
    let extents: [Int]
    let elementByteCount: Int
    /// The arrays' extents and where the block begins in them.
    let source: (extents: [Int], start: [Int])
    let target: (extents: [Int], start: [Int])

    @unsafe func run(from base: UnsafeRawPointer, to destination: UnsafeMutableRawPointer) {
        unsafe copy(
            axis: 0, base + Self.offset(source) * elementByteCount, Shape(source.extents).strides,
            destination + Self.offset(target) * elementByteCount,
            Shape(target.extents).strides)
    }

    private static func offset(_ array: (extents: [Int], start: [Int])) -> Int {
        zip(Shape(array.extents).strides, array.start).reduce(0) { $0 + $1.0 * $1.1 }
    }

    @unsafe private func copy(
        axis: Int, _ from: UnsafeRawPointer, _ fromStrides: [Int], _ to: UnsafeMutableRawPointer, _ toStrides: [Int]
    ) {
        guard axis + 1 < extents.count else {
            unsafe to.copyMemory(from: from, byteCount: (extents.last ?? 1) * elementByteCount)
            return
        }
        for index in 0..<extents[axis] {
            unsafe copy(
                axis: axis + 1, from + index * fromStrides[axis] * elementByteCount, fromStrides,
                to + index * toStrides[axis] * elementByteCount, toStrides)
        }
    }
}
