/// Tasks that wait until a condition holds, each under a number of its own.
struct Waiters<Condition> {
    private struct Waiter {
        let condition: Condition
        let continuation: CheckedContinuation<Void, Never>
    }

    private var waiting: [UInt64: Waiter] = [:]
    private var count: UInt64 = 0

    mutating func makeNumber() -> UInt64 {
        count += 1
        return count
    }

    mutating func add(_ number: UInt64, _ condition: Condition, _ continuation: CheckedContinuation<Void, Never>) {
        waiting[number] = Waiter(condition: condition, continuation: continuation)
    }

    /// Resumes one, if it still waits.
    mutating func resume(_ number: UInt64) {
        waiting.removeValue(forKey: number)?.continuation.resume()
    }

    /// Resumes all whose condition holds.
    mutating func resumeAll(where holds: (Condition) -> Bool) {
        for (number, waiter) in waiting where holds(waiter.condition) { resume(number) }
    }
}
