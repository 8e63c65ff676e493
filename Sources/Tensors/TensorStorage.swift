#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The memory behind tensors: owned and aligned, or a window of a mapped file.
///
/// Written only while it is being made, immutable after; hence `Sendable`.
@safe package final class TensorStorage: Sendable {
    /// Owned memory starts on such a boundary: the width of the widest vector register and of a cache line.
    package static let alignment = 64

    package nonisolated(unsafe) let baseAddress: UnsafeMutableRawPointer
    package let byteCount: Int
    private nonisolated(unsafe) let owner: Owner

    @unsafe private enum Owner {
        /// The block that holds the bytes.
        case block(UnsafeMutableRawPointer)
        case file(MappedFile)
        case caller
    }

    /// Memory of its own, not initialised.
    package init(byteCount: Int) {
        let wanted = max(byteCount, Self.alignment)
        guard let block = unsafe byteCount <= Self.smallByteCount ? malloc(wanted + Self.alignment) : Self.alignedBlock(wanted) else {
            fatalError("out of memory: \(byteCount) bytes for a tensor could not be had")
        }
        unsafe baseAddress = block.alignedUp(toMultipleOf: Self.alignment)
        self.byteCount = byteCount
        unsafe owner = .block(block)
    }

    /// Up to here memory is aligned by hand: glibc keeps small blocks of `malloc` at hand for each thread, aligned ones never.
    private static let smallByteCount = 4096

    private static func alignedBlock(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        var block: UnsafeMutableRawPointer?
        return unsafe posix_memalign(&block, alignment, byteCount) == 0 ? block : nil
    }

    /// The window `byteOffset ..< byteOffset + byteCount` of `file`; nil when it does not lie inside.
    package init?(file: MappedFile, byteOffset: Int, byteCount: Int) {
        guard byteOffset >= 0, byteCount >= 0, byteOffset <= file.byteCount,
            byteCount <= file.byteCount - byteOffset
        else { return nil }
        unsafe baseAddress = unsafe UnsafeMutableRawPointer(mutating: file.baseAddress + byteOffset)
        self.byteCount = byteCount
        unsafe owner = .file(file)
    }

    /// Somebody else's memory, for the length of a call: whoever makes it keeps the memory alive and lets no tensor over it escape.
    @unsafe package init(borrowing base: UnsafeRawPointer, byteCount: Int) {
        unsafe baseAddress = UnsafeMutableRawPointer(mutating: base)
        self.byteCount = byteCount
        unsafe owner = .caller
    }

    /// Whether the bytes belong to a mapped file, so that they cost no memory of their own.
    package var isMapped: Bool {
        if case .file = unsafe owner { true } else { false }
    }

    /// Whether the memory is lent by a caller and must not be kept.
    package var isBorrowed: Bool {
        if case .caller = unsafe owner { true } else { false }
    }

    deinit {
        if case .block(let block) = unsafe owner { unsafe free(block) }
    }
}
