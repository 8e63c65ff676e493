import HTTPCore
import Testing

@Suite("HandshakeBudget")
struct HandshakeBudgetTests {
    @Test("allows at least one step each turn, and no more once the time is used up")
    func steps() {
        var budget = HandshakeBudget()
        #expect(!budget.isSpent)
        budget.charge(nanoseconds: 600_000)
        #expect(!budget.isSpent)
        budget.charge(nanoseconds: 600_000)
        #expect(budget.isSpent)
        budget.renew()
        #expect(!budget.isSpent, "what one turn took too much is not held against the next")
        budget.charge(nanoseconds: 1_000_000)
        #expect(budget.isSpent)
    }

    @Test("stands clocks that stop, go back or leap")
    func oddClocks() {
        var budget = HandshakeBudget()
        budget.charge(nanoseconds: 0)
        budget.charge(nanoseconds: -5)
        budget.charge(nanoseconds: .min)
        #expect(!budget.isSpent)
        budget.charge(nanoseconds: .max)
        budget.charge(nanoseconds: .max)
        #expect(budget.isSpent)
    }
}
