/// Work that wants to be looked after while it waits or runs. Protected by the pool's lock.
struct WatchList {
    private struct Entry {
        let work: any LaneWork
        /// Whether it was signalled since the last look began.
        var isFresh = true
    }

    private var entries: [ObjectIdentifier: Entry] = [:]

    var isEmpty: Bool { entries.isEmpty }

    mutating func add(_ work: any LaneWork) {
        let key = ObjectIdentifier(work)
        if entries[key]?.isFresh == true { return }
        entries[key] = Entry(work: work)
    }

    /// What to look at now: what was signalled, and what runs though nothing of it waits any more.
    mutating func beginLook(running: [(any LaneWork)?]) -> [any LaneWork] {
        var works = entries.values.map(\.work)
        for work in works { entries[ObjectIdentifier(work)]?.isFresh = false }
        for case let work? in running where !works.contains(where: { $0 === work }) { works.append(work) }
        return works
    }

    /// Takes out what has nothing to look after and was not signalled meanwhile.
    mutating func endLook(_ isDone: [any LaneWork]) {
        for work in isDone where entries[ObjectIdentifier(work)]?.isFresh == false { entries[ObjectIdentifier(work)] = nil }
    }

    mutating func remove(_ work: any LaneWork) { entries[ObjectIdentifier(work)] = nil }
}
