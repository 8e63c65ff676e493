#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a version's files look like from outside: enough to notice that they changed, without reading them.
package struct VersionFingerprint: Hashable, Sendable {
    /// The newest modification time in the directory tree.
    package let newestChange: Timestamp
    /// Bytes of all files.
    package let byteCount: UInt64
    package let entryCount: Int
    /// Sum over the entries of a mix of inode, size, modification and status change time; independent of their order.
    private let mixture: UInt64

    /// Beyond these the tree is not looked into further; models have far fewer files.
    private static let entryLimit = 10_000
    private static let depthLimit = 8

    /// Looks at the directory and everything below it.
    init(of path: String) throws(FileSystemError) {
        var walk = Walk()
        try walk.visit(path, depth: 0)
        newestChange = walk.newestChange
        byteCount = walk.byteCount
        entryCount = walk.entryCount
        mixture = walk.mixture
    }

    /// Whether nothing has changed for `duration`. A time ahead of `now` comes from another clock and says nothing, so it counts
    /// as quiet.
    package func isQuiet(for duration: Duration, now: Timestamp) -> Bool {
        newestChange > now || now.elapsed(since: newestChange) >= duration
    }

    private struct Walk {
        var newestChange = Timestamp(microsecondsSinceEpoch: .min)
        var byteCount: UInt64 = 0
        var entryCount = 0
        var mixture: UInt64 = 0

        mutating func visit(_ path: String, depth: Int) throws(FileSystemError) {
            guard entryCount < entryLimit else { return }
            let status = try DirectoryListing.status(of: path)
            add(status)
            guard DirectoryListing.isDirectory(status), depth < depthLimit else { return }
            for name in try DirectoryListing.names(of: path) {
                do {
                    try visit(path + "/" + name, depth: depth + 1)
                } catch  where error.isMissing {
                    // Gone between the listing and the look, or a dangling link: its absence is part of the picture.
                    entryCount += 1
                }
            }
        }

        private mutating func add(_ status: stat) {
            entryCount += 1
            newestChange = max(newestChange, Timestamp(status.st_mtim))
            if status.st_mode & S_IFMT == S_IFREG { byteCount &+= UInt64(max(0, status.st_size)) }
            var mix = UInt64(status.st_ino)
            for part in [
                Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
            ] {
                // Multiplier of a 64-bit linear congruential generator (Knuth): spreads each part over all bits.
                mix = (mix ^ UInt64(truncatingIfNeeded: part)) &* 6_364_136_223_846_793_005
                mix ^= mix >> 29
            }
            mixture &+= mix
        }
    }
}
