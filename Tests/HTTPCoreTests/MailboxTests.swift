import HTTPCore
import Synchronization
import Testing

@Suite("Mailbox")
struct MailboxTests {
    private final class Wakes: Sendable {
        let count = Atomic(0)
    }

    @Test("wakes a sleeping loop once for a burst, and an awake one not at all")
    func wakesOnce() {
        let wakes = Wakes()
        let mailbox = Mailbox<Int> { wakes.count.add(1, ordering: .relaxed) }
        for number in 0..<10 { mailbox.post(number) }
        #expect(wakes.count.load(ordering: .relaxed) == 1)
        #expect(mailbox.wakeUp())
        mailbox.post(10)
        #expect(wakes.count.load(ordering: .relaxed) == 1)
        var mail: [Int] = []
        mailbox.take(into: &mail)
        #expect(mail == Array(0...10))
    }

    @Test("keeps a loop from sleeping over mail that it has not seen")
    func noLostWakeUp() {
        let mailbox = Mailbox<Int> {}
        #expect(!mailbox.wakeUp())
        mailbox.post(1)
        #expect(!mailbox.fallAsleep())
        #expect(mailbox.wakeUp())
        #expect(mailbox.fallAsleep())
    }

    @Test("loses nothing between threads that post and a loop that sleeps and wakes")
    func concurrent() async {
        let wakes = Wakes()
        let mailbox = Mailbox<Int> { wakes.count.add(1, ordering: .sequentiallyConsistent) }
        let perThread = 5_000
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<3 {
                group.addTask { for number in 0..<perThread { mailbox.post(thread * perThread + number) } }
            }
            group.addTask {
                var received: [Int] = []
                var seenWakes = 0
                var mail: [Int] = []
                while received.count < 3 * perThread {
                    if mailbox.fallAsleep() {
                        // Asleep: only a wake may end this, as in epoll.
                        while wakes.count.load(ordering: .sequentiallyConsistent) == seenWakes { await Task.yield() }
                    }
                    seenWakes = wakes.count.load(ordering: .sequentiallyConsistent)
                    _ = mailbox.wakeUp()
                    mailbox.take(into: &mail)
                    received += mail
                    mail.removeAll(keepingCapacity: true)
                }
                #expect(received.sorted() == Array(0..<3 * perThread))
            }
        }
    }

    @Test("drops what comes after its end")
    func closes() {
        let wakes = Wakes()
        let mailbox = Mailbox<Int> { wakes.count.add(1, ordering: .relaxed) }
        mailbox.close()
        mailbox.post(1)
        var mail: [Int] = []
        mailbox.take(into: &mail)
        #expect(mail.isEmpty && wakes.count.load(ordering: .relaxed) == 0)
    }
}
