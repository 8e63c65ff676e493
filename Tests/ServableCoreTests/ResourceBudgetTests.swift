import ServableCore
import Testing

@Suite("ResourceBudget")
struct ResourceBudgetTests {
    let id = ServableID(name: "digits", version: 2)

    @Test("refuses what does not fit and names both numbers")
    func refusal() throws {
        let budget = ResourceBudget(byteLimit: 1000)
        let first = try budget.reserve(700, for: id)
        #expect(
            throws: ServableError(
                .resourceExhausted,
                "model \"digits\" version 2 needs 301 bytes of memory, 300 of the budget of 1000 are available; raise the memory budget or "
                    + "serve fewer models or versions"
            )
        ) { try budget.reserve(301, for: id) }
        let second = try budget.reserve(300, for: id)
        #expect(budget.reservedByteCount == 1000)
        first.release()
        #expect(budget.reservedByteCount == 300)
        withExtendedLifetime(second) {}
    }

    @Test("a correction counts, beyond the limit too, and an abandoned reservation is given back")
    func correction() throws {
        let budget = ResourceBudget(byteLimit: 1000)
        do {
            let reservation = try budget.reserve(10, for: id)
            reservation.correct(to: 2000)
            #expect(budget.reservedByteCount == 2000)
            #expect(throws: ServableError.self) { try budget.reserve(1, for: id) }
            #expect(throws: Never.self) { try budget.reserve(0, for: id) }
        }
        #expect(budget.reservedByteCount == 0)
    }

    @Test("absurd numbers neither trap nor pass", arguments: [Int.max, .min, -1])
    func absurd(byteCount: Int) throws {
        let unlimited = ResourceBudget()
        let reservation = try unlimited.reserve(byteCount, for: id)
        #expect(unlimited.reservedByteCount == max(0, byteCount))
        if byteCount > 0 { #expect(throws: ServableError.self) { try unlimited.reserve(1, for: id) } }
        reservation.release()
        reservation.release()
        #expect(unlimited.reservedByteCount == 0)
        #expect(ResourceBudget(byteLimit: byteCount).byteLimit == max(0, byteCount))
    }
}
