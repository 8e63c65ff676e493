#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Anonymous pages of this process alone, zero at first; unmapped with the object, so that the system has them back at once.
@safe package final class PrivateMapping: Sendable {
    package nonisolated(unsafe) let baseAddress: UnsafeMutableRawPointer
    package let byteCount: Int

    package init(byteCount: Int) throws(MemoryRefusal) {
        let length = max(byteCount, 1)
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        guard let base = unsafe mmap(nil, length, PROT_READ | PROT_WRITE, flags, -1, 0), unsafe base != MAP_FAILED else {
            throw MemoryRefusal(.system, byteCount: byteCount)
        }
        unsafe baseAddress = unsafe base
        self.byteCount = length
        #if os(Linux)
            // A fault for each page of 4 KiB costs more than what is written there. Where there are no large pages, nothing is lost.
            if length >= Self.largePageByteCount { unsafe madvise(base, length, MADV_HUGEPAGE) }
        #endif
    }

    private static let largePageByteCount = 2 << 20

    deinit { unsafe munmap(baseAddress, byteCount) }

    /// Gives the whole pages inside `range` back to the system; they read as zero afterwards.
    package func discard(_ range: Range<Int>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let first = (range.lowerBound + page - 1) / page * page
        let last = min(range.upperBound, byteCount) / page * page
        guard first >= 0, first < last else { return }
        unsafe madvise(baseAddress + first, last - first, MADV_DONTNEED)
    }
}
