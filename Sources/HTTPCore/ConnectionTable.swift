/// The open connections of one loop by small numbers, which epoll carries and the timer wheel counts by.
///
/// A number is used again after its connection has closed; the generation in a token distinguishes a late event of
/// the old one from an event of the new one.
struct ConnectionTable {
    private struct Slot {
        var connection: Connection?
        var generation: UInt32 = 0
    }

    private var slots: [Slot] = []
    private var free: [Int] = []

    var count: Int { slots.count - free.count }

    /// Gives the connection a slot and returns its token, which has bit 63 clear.
    mutating func insert(_ connection: Connection) -> UInt64 {
        let slot: Int
        if let reused = free.popLast() {
            slot = reused
        } else {
            slot = slots.count
            slots.append(Slot())
        }
        slots[slot].connection = connection
        connection.place(in: slot)
        return UInt64(slots[slot].generation) << 32 | UInt64(slot)
    }

    func connection(_ token: UInt64) -> Connection? {
        let slot = Int(token & 0xFFFF_FFFF)
        guard slot < slots.count, UInt64(slots[slot].generation) == token >> 32 else { return nil }
        return slots[slot].connection
    }

    func connection(at slot: Int) -> Connection? { slot < slots.count ? slots[slot].connection : nil }

    mutating func remove(_ connection: Connection) {
        let slot = connection.slot
        guard slot < slots.count, slots[slot].connection === connection else { return }
        slots[slot].connection = nil
        slots[slot].generation = (slots[slot].generation + 1) & 0x7FFF_FFFF
        free.append(slot)
    }

    var all: [Connection] { slots.compactMap(\.connection) }
}
