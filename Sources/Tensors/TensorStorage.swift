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
    private let file: MappedFile?

    /// Memory of its own, not initialised.
    package init(byteCount: Int) {
        var base: UnsafeMutableRawPointer?
        let result = unsafe posix_memalign(&base, Self.alignment, max(byteCount, Self.alignment))
        guard result == 0, let base = unsafe base else {
            fatalError("out of memory: \(byteCount) bytes for a tensor could not be had")
        }
        unsafe baseAddress = base
        self.byteCount = byteCount
        file = nil
    }

    /// The window `byteOffset ..< byteOffset + byteCount` of `file`; nil when it does not lie inside.
    package init?(file: MappedFile, byteOffset: Int, byteCount: Int) {
        guard byteOffset >= 0, byteCount >= 0, byteOffset <= file.byteCount,
            byteCount <= file.byteCount - byteOffset
        else { return nil }
        unsafe baseAddress = unsafe UnsafeMutableRawPointer(mutating: file.baseAddress + byteOffset)
        self.byteCount = byteCount
        self.file = file
    }

    /// Whether the bytes belong to a mapped file, so that they cost no memory of their own.
    package var isMapped: Bool { file != nil }

    deinit {
        if file == nil { unsafe free(baseAddress) }
    }
}
