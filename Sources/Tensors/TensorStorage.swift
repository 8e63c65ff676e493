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
    private let owner: Owner

    private enum Owner {
        case storage
        case file(MappedFile)
        case caller
    }

    /// Memory of its own, not initialised.
    package init(byteCount: Int) {
        var base: UnsafeMutableRawPointer?
        let result = unsafe posix_memalign(&base, Self.alignment, max(byteCount, Self.alignment))
        guard result == 0, let base = unsafe base else {
            fatalError("out of memory: \(byteCount) bytes for a tensor could not be had")
        }
        unsafe baseAddress = base
        self.byteCount = byteCount
        owner = .storage
    }

    /// The window `byteOffset ..< byteOffset + byteCount` of `file`; nil when it does not lie inside.
    package init?(file: MappedFile, byteOffset: Int, byteCount: Int) {
        guard byteOffset >= 0, byteCount >= 0, byteOffset <= file.byteCount,
            byteCount <= file.byteCount - byteOffset
        else { return nil }
        unsafe baseAddress = unsafe UnsafeMutableRawPointer(mutating: file.baseAddress + byteOffset)
        self.byteCount = byteCount
        owner = .file(file)
    }

    /// Somebody else's memory, for the length of a call: whoever makes it keeps the memory alive and lets no tensor over it escape.
    @unsafe package init(borrowing base: UnsafeRawPointer, byteCount: Int) {
        unsafe baseAddress = UnsafeMutableRawPointer(mutating: base)
        self.byteCount = byteCount
        owner = .caller
    }

    /// Whether the bytes belong to a mapped file, so that they cost no memory of their own.
    package var isMapped: Bool {
        if case .file = owner { true } else { false }
    }

    /// Whether the memory is lent by a caller and must not be kept.
    package var isBorrowed: Bool {
        if case .caller = owner { true } else { false }
    }

    deinit {
        if case .storage = owner { unsafe free(baseAddress) }
    }
}
