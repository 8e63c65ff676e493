import Dispatch
import ServableCore
import Synchronization
import Testing

@Suite("HeapTrimmer")
struct HeapTrimmerTests {
    @Test("trims once for all that was freed in one go, after the last of it")
    func coalesces() {
        let thread = WorkThread(priority: .low), begin = DispatchSemaphore(value: 0)
        let order = Mutex<[String]>([])
        let trimmed = DispatchSemaphore(value: 0)
        let trimmer = HeapTrimmer(thread: thread) {
            order.withLock { $0.append("trim") }
            trimmed.signal()
        }
        thread.async { begin.wait() }
        for number in 1...3 {
            thread.async {
                order.withLock { $0.append("free \(number)") }
                trimmer.trimSoon()
            }
        }
        begin.signal()
        trimmed.wait()
        #expect(order.withLock { $0 } == ["free 1", "free 2", "free 3", "trim"])
        trimmer.trimSoon()
        trimmed.wait()
        #expect(order.withLock { $0.suffix(2) } == ["trim", "trim"])
    }
}
