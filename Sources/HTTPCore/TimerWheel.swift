/// Deadlines of many connections at the cost of a comparison each: 512 slots of an eighth of a second.
///
/// An entry is only ever moved to an earlier slot. Deadlines that move later, as those of busy connections do with every
/// request, leave it where it is; when its slot comes the owner is asked and the entry goes to its new place.
package struct TimerWheel {
    package static let nanosecondsPerTick: Int64 = 1 << 27
    private static let slotCount = 512

    private static let none: Int32 = -1

    private struct Entry {
        var next = TimerWheel.none
        var previous = TimerWheel.none
        /// The tick whose slot holds the entry; -1 when none does.
        var tick: Int64 = -1
    }

    private var heads = [Int32](repeating: none, count: slotCount)
    private var entries: [Entry] = []
    /// Every tick up to this one has been taken.
    private var currentTick: Int64
    /// No entry is in a slot before this tick.
    private var earliestTick = Int64.max

    package init(now: MonotonicInstant) { currentTick = now.nanoseconds / Self.nanosecondsPerTick }

    /// When `takeDue` has something to give at the earliest.
    package var nextWake: MonotonicInstant {
        earliestTick == .max ? .never : MonotonicInstant(nanoseconds: earliestTick * Self.nanosecondsPerTick)
    }

    /// Sees to it that the owner `id` is asked no later than one tick after `deadline`.
    package mutating func schedule(_ id: Int, at deadline: MonotonicInstant) {
        guard deadline < .never else { return }
        while entries.count <= id { entries.append(Entry()) }
        // Rounded up, at least one tick ahead, at most one turn of the wheel.
        let wanted = deadline.nanoseconds / Self.nanosecondsPerTick + 1
        let tick = min(max(wanted, currentTick + 1), currentTick + Int64(Self.slotCount) - 1)
        if entries[id].tick >= 0 {
            guard tick < entries[id].tick else { return }
            unlink(id)
        }
        link(id, tick)
    }

    package mutating func cancel(_ id: Int) {
        guard id < entries.count, entries[id].tick >= 0 else { return }
        unlink(id)
    }

    /// Takes out the entries that are due. Their owners are to look at their deadlines and schedule anew.
    package mutating func takeDue(now: MonotonicInstant) -> [Int] {
        let nowTick = now.nanoseconds / Self.nanosecondsPerTick
        guard nowTick >= earliestTick else { return [] }
        var due: [Int] = []
        // After a long sleep every slot is due once.
        for tick in max(earliestTick, nowTick - Int64(Self.slotCount) + 1)...nowTick {
            let slot = Self.slot(tick)
            while heads[slot] != Self.none {
                let id = Int(heads[slot])
                due.append(id)
                unlink(id)
            }
        }
        currentTick = nowTick
        findEarliest()
        return due
    }

    private mutating func findEarliest() {
        earliestTick = .max
        for tick in currentTick + 1..<currentTick + Int64(Self.slotCount) where heads[Self.slot(tick)] != Self.none {
            earliestTick = tick
            return
        }
    }

    private static func slot(_ tick: Int64) -> Int { Int(tick & Int64(slotCount - 1)) }

    private mutating func link(_ id: Int, _ tick: Int64) {
        let slot = Self.slot(tick)
        entries[id] = Entry(next: heads[slot], previous: Self.none, tick: tick)
        if heads[slot] != Self.none { entries[Int(heads[slot])].previous = Int32(id) }
        heads[slot] = Int32(id)
        earliestTick = min(earliestTick, tick)
    }

    private mutating func unlink(_ id: Int) {
        let entry = entries[id]
        if entry.previous == Self.none {
            heads[Self.slot(entry.tick)] = entry.next
        } else {
            entries[Int(entry.previous)].next = entry.next
        }
        if entry.next != Self.none { entries[Int(entry.next)].previous = entry.previous }
        entries[id].tick = -1
    }
}
