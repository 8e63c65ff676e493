/// Which of the versions that exist are wanted.
package enum VersionPolicy: Sendable, Hashable {
    /// The highest so many; a count below one counts as one.
    case latest(Int)
    case all
    /// Those of the list that exist; an empty list wants none.
    case specific([Int64])

    /// The wanted versions among `existing`, ascending, without doubles.
    package func select(from existing: some Sequence<Int64>) -> [Int64] {
        let versions = Set(existing).sorted()
        switch self {
        case .latest(let count): return Array(versions.suffix(max(1, count)))
        case .all: return versions
        case .specific(let list):
            let listed = Set(list)
            return versions.filter(listed.contains)
        }
    }
}
