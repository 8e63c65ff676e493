package import ServableCore
package import Tensors

/// Counts an engine's memory against a version's, or a lane's, part of the budget.
package final class ReservationLedger: MemoryLedger {
    private let reservation: Reservation

    package init(_ reservation: Reservation) { self.reservation = reservation }

    package func charge(_ byteCount: Int) throws(MemoryRefusal) {
        guard let available = reservation.charge(byteCount) else { return }
        throw MemoryRefusal(.budget, byteCount: byteCount, available: available)
    }

    package func credit(_ byteCount: Int) { reservation.credit(byteCount) }
}
