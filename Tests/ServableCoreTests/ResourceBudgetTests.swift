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

    @Test("during a load counts the estimate or what is charged, whichever is more; afterwards what is charged")
    func loading() throws {
        let budget = ResourceBudget(byteLimit: 1000)
        let memory = try budget.reserve(400, for: id)
        #expect(memory.charge(300) == nil)
        #expect(budget.reservedByteCount == 400)
        #expect(memory.charge(200) == nil)
        #expect(budget.reservedByteCount == 500)
        memory.credit(350)
        #expect(budget.reservedByteCount == 400)
        memory.settle()
        #expect(budget.reservedByteCount == 150 && memory.chargedByteCount == 150)
        #expect(memory.charge(850) == nil)
        #expect(budget.reservedByteCount == 1000)
    }

    @Test("a refused charge changes nothing and names what is available, the rest of the estimate with it")
    func refusedCharge() throws {
        let budget = ResourceBudget(byteLimit: 1000)
        let other = budget.reservation(named: "the arenas of lane 1")
        let memory = try budget.reserve(400, for: id)
        #expect(other.charge(500) == nil)
        #expect(memory.charge(100) == nil)
        #expect(memory.charge(401) == 400)
        #expect(other.charge(101) == 100)
        #expect(budget.reservedByteCount == 900 && memory.chargedByteCount == 100 && other.chargedByteCount == 500)
        #expect(
            other.refusal(of: 101, available: 100).message
                == "the arenas of lane 1 needs 101 bytes of memory, 100 of the budget of 1000 are available; raise the memory budget or "
                + "serve fewer models or versions")
        #expect(memory.charge(400) == nil)
        #expect(budget.reservedByteCount == 1000)
    }

    @Test("what is released is given back once and takes no more charges", arguments: [true, false])
    func released(isSettled: Bool) throws {
        let budget = ResourceBudget(byteLimit: 1000)
        let memory = try budget.reserve(400, for: id)
        #expect(memory.charge(500) == nil)
        if isSettled { memory.settle() }
        memory.release()
        memory.release()
        memory.settle()
        memory.credit(500)
        #expect(memory.charge(1) == 0)
        #expect(budget.reservedByteCount == 0 && memory.chargedByteCount == 0)
    }

    @Test("an abandoned reservation is given back")
    func abandoned() throws {
        let budget = ResourceBudget(byteLimit: 1000)
        do {
            let memory = try budget.reserve(10, for: id)
            #expect(memory.charge(900) == nil)
            #expect(throws: ServableError.self) { try budget.reserve(101, for: id) }
            #expect(throws: Never.self) { try budget.reserve(0, for: id) }
        }
        #expect(budget.reservedByteCount == 0)
    }

    @Test("threads that charge and credit at once leave the sum right and within the limit")
    func manyThreads() async {
        let budget = ResourceBudget(byteLimit: 1000)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    let memory = budget.reservation(named: "thread \(number)")
                    for _ in 0..<5_000 where memory.charge(300) == nil { memory.credit(300) }
                    #expect(memory.charge(100) == nil)
                    #expect(budget.reservedByteCount <= 1000)
                }
            }
        }
        #expect(budget.reservedByteCount == 0)
    }

    @Test("absurd numbers neither trap nor pass", arguments: [Int.max, .min, -1])
    func absurd(byteCount: Int) throws {
        let unlimited = ResourceBudget()
        let reservation = try unlimited.reserve(byteCount, for: id)
        #expect(unlimited.reservedByteCount == max(0, byteCount))
        if byteCount > 0 { #expect(throws: ServableError.self) { try unlimited.reserve(1, for: id) } }
        let others = unlimited.reservation(named: "others")
        if byteCount > 0 { #expect(others.charge(1) == 0) }
        reservation.release()
        #expect(unlimited.reservedByteCount == 0)
        #expect(others.charge(byteCount) == nil)
        if byteCount > 0 { #expect(others.charge(byteCount) == 0) }
        others.credit(byteCount)
        others.credit(byteCount)
        #expect(unlimited.reservedByteCount == 0 && others.chargedByteCount == 0)
        #expect(ResourceBudget(byteLimit: byteCount).byteLimit == max(0, byteCount))
    }
}
