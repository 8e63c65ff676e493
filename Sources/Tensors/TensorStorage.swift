#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The memory behind tensors: owned and aligned, or a window of a file's contents.
///
/// Written only while it is being made, immutable after; hence `Sendable`.
@safe package final class TensorStorage: Sendable {
    /// Owned memory starts on such a boundary: the width of the widest vector register and of a cache line.
    package static let alignment = 64

    package nonisolated(unsafe) let baseAddress: UnsafeMutableRawPointer
    package let byteCount: Int
    private nonisolated(unsafe) let owner: Owner
    private let allowance: MemoryAllowance?
    private let chargedByteCount: Int
    /// What the contents can be made from again; nil when they must stay.
    package let origin: ContentOrigin?

    @unsafe private enum Owner {
        /// The block that holds the bytes.
        case block(UnsafeMutableRawPointer)
        case mapping(PrivateMapping)
        case file(FileContents, window: Int)
        case caller
    }

    /// Where owned memory comes from.
    package enum Placement: Sendable {
        /// The process's heap: for what lives as long as a request.
        case heap
        /// Pages of its own, given back to the system as soon as they are free: for what lives as long as a model.
        case pages
    }

    /// Memory of its own, not initialised.
    ///
    /// - Parameters:
    ///   - allowance: charged before the memory is taken, credited when it is freed; on the heap with `leastCharge` at least.
    ///   - origin: where the contents that will be written come from.
    package init(
        byteCount: Int, placement: Placement = .heap, allowance: MemoryAllowance? = nil, origin: ContentOrigin? = nil
    ) throws(MemoryRefusal) {
        let chargedByteCount = placement == .heap ? max(byteCount, Self.leastCharge) : byteCount
        try allowance?.charge(chargedByteCount)
        do {
            switch placement {
            case .pages where byteCount >= Self.smallestMapping:
                let mapping = try PrivateMapping(byteCount: byteCount)
                unsafe baseAddress = mapping.baseAddress
                unsafe owner = .mapping(mapping)
            case .heap, .pages:
                let block = unsafe try Self.block(byteCount)
                unsafe baseAddress = block.alignedUp(toMultipleOf: Self.alignment)
                unsafe owner = .block(block)
            }
        } catch {
            allowance?.credit(chargedByteCount)
            throw error
        }
        self.byteCount = byteCount
        self.chargedByteCount = chargedByteCount
        self.allowance = allowance
        self.origin = origin
    }

    /// What the smallest tensor on the heap takes in all: this object, its shape, an aligned block. Millions of scalars that a
    /// loop collects are not taken for nothing.
    package static let leastCharge = 320
    /// Below this a mapping's last, partly used page would weigh too much.
    private static let smallestMapping = 64 << 10
    /// Up to here memory is aligned by hand: glibc keeps small blocks of `malloc` at hand for each thread, aligned ones never.
    private static let smallByteCount = 4096

    private static func block(_ byteCount: Int) throws(MemoryRefusal) -> UnsafeMutableRawPointer {
        let wanted = max(byteCount, alignment)
        var block: UnsafeMutableRawPointer?
        if byteCount <= smallByteCount {
            unsafe block = malloc(wanted + alignment)
        } else if unsafe posix_memalign(&block, alignment, wanted) != 0 {
            unsafe block = nil
        }
        guard let block = unsafe block else { throw MemoryRefusal(.system, byteCount: byteCount) }
        return unsafe block
    }

    /// The window `byteOffset ..< byteOffset + byteCount` of `file`; nil when it does not lie inside.
    package init?(file: FileContents, byteOffset: Int, byteCount: Int) {
        guard byteOffset >= 0, byteCount >= 0, byteOffset <= file.byteCount,
            byteCount <= file.byteCount - byteOffset
        else { return nil }
        unsafe baseAddress = unsafe UnsafeMutableRawPointer(mutating: file.baseAddress + byteOffset)
        self.byteCount = byteCount
        unsafe owner = .file(file, window: file.beginWindow(byteOffset..<byteOffset + byteCount))
        chargedByteCount = 0
        allowance = nil
        origin = .file(FileRange(source: file.source, range: byteOffset..<byteOffset + byteCount))
    }

    /// Somebody else's memory, for the length of a call: whoever makes it keeps the memory alive and lets no tensor over it escape.
    @unsafe package init(borrowing base: UnsafeRawPointer, byteCount: Int) {
        unsafe baseAddress = UnsafeMutableRawPointer(mutating: base)
        self.byteCount = byteCount
        unsafe owner = .caller
        chargedByteCount = 0
        allowance = nil
        origin = nil
    }

    /// The file whose contents the bytes are a window of; nil for other memory.
    package var file: FileContents? {
        if case .file(let file, _) = unsafe owner { file } else { nil }
    }

    /// Gives the memory of contents back that have pages of their own. The caller vouches that nobody reads them until `restore`.
    ///
    /// - Returns: whether they have.
    @unsafe package func discard() -> Bool {
        guard case .mapping(let pages) = unsafe owner else { return false }
        pages.discard(0..<pages.byteCount)
        return true
    }

    /// Makes the contents again from their origin, which must be there when it is another tensor.
    package func restore() throws(FileError) {
        switch origin {
        case nil: preconditionFailure("contents without an origin cannot be read again")
        case .file(let range): try unsafe range.source.read(range.range, into: baseAddress)
        case .derived(let contents): unsafe contents.write(to: UnsafeMutableRawBufferPointer(start: baseAddress, count: byteCount))
        }
    }

    /// Whether the bytes are charged to somebody as long as the storage lives.
    package var isCharged: Bool { allowance != nil }

    /// The window's number in its file.
    var windowNumber: Int? {
        if case .file(_, let window) = unsafe owner { window } else { nil }
    }

    /// Whether the memory is lent by a caller and must not be kept.
    package var isBorrowed: Bool {
        if case .caller = unsafe owner { true } else { false }
    }

    deinit {
        switch unsafe owner {
        case .block(let block): unsafe free(block)
        case .file(let file, let window): file.endWindow(window)
        case .mapping, .caller: break
        }
        allowance?.credit(chargedByteCount)
    }
}
