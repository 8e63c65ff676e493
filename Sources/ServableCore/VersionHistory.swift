/// The versions of one model that the board lists: all that live, and a bounded number of those that ended.
struct VersionHistory {
    private struct Entry {
        let status: ServableStatus
        /// Stays listed though it has ended.
        var isPinned: Bool

        var mayBeForgotten: Bool { status.state == .end && !isPinned }
    }

    private var entries: [Int64: Entry] = [:]

    var statuses: [ServableStatus] { entries.values.map(\.status) }

    subscript(version: Int64) -> ServableStatus? { entries[version]?.status }

    /// When the last version ended; nil while one lives or is pinned.
    var end: Timestamp? {
        entries.values.allSatisfy(\.mayBeForgotten) ? entries.values.map(\.status.since).max() : nil
    }

    mutating func set(_ status: ServableStatus, isPinned: Bool) {
        let old = entries[status.id.version]?.status.state
        assert(old.map { $0 == status.state || $0.mayBecome(status.state) } ?? true, "\(status.id) went back to \(status.state)")
        entries[status.id.version] = Entry(status: status, isPinned: isPinned)
        forgetFirstEnded()
    }

    mutating func unpin(_ version: Int64) {
        entries[version]?.isPinned = false
        forgetFirstEnded()
    }

    private mutating func forgetFirstEnded() {
        let ended = entries.values.filter(\.mayBeForgotten).map { (end: $0.status.since, version: $0.status.id.version) }
        guard ended.count > StatusBoard.endedVersionLimit else { return }
        for entry in ended.sorted(by: <).dropLast(StatusBoard.endedVersionLimit) { entries[entry.version] = nil }
    }
}
